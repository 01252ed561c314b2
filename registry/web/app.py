"""The web service: routers over the use cases, problems for every error, limits before everything."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool

from registry.service.container import Container
from registry.web import problems
from registry.web.limits import BodyLimit
from registry.web.routers import achievements, credentials, issuers, public, uploads, verification
from registry.web.schemas import ProblemView

TITLE: Final = "credroot"
_PROBLEM: Final[dict[str, Any]] = {"model": ProblemView, "content": {problems.MEDIA_TYPE: {}}}
PROBLEMS: Final[dict[int | str, dict[str, Any]]] = {
    400: {**_PROBLEM, "description": "The request has the wrong form."},
    401: {**_PROBLEM, "description": "No API key, or one that is unknown or revoked."},
    403: {**_PROBLEM, "description": "The caller's role does not allow it."},
    404: {**_PROBLEM, "description": "No such thing, or not for this caller."},
    409: {**_PROBLEM, "description": "The state of the registry does not allow it."},
    413: {**_PROBLEM, "description": "The body is too large."},
    422: {**_PROBLEM, "description": "A rule of the registry says no."},
    503: {**_PROBLEM, "description": "The outside world failed; try again."},
}


def create_app(container: Container) -> FastAPI:
    """Make the application; starting it carries on unfinished uploads."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await run_in_threadpool(container.runner.resume)
        yield
        await run_in_threadpool(container.runner.close)

    app = FastAPI(
        title=TITLE,
        summary="A credential registry whose every fact is one Merkle path to one Ethereum transaction.",
        version="1",
        lifespan=lifespan,
        responses=PROBLEMS,
        docs_url="/docs",
        redoc_url=None,
        openapi_url="/openapi.json",
    )
    app.state.container = container
    app.add_middleware(BodyLimit, max_upload_bytes=container.max_upload_bytes)
    problems.install(app)
    for resource in (issuers, achievements, uploads, credentials, verification, public):
        app.include_router(resource.router)
    return app
