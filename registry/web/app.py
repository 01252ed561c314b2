"""The web service: routers over the use cases, problems for every error, limits before everything.

There is no page that shows the API: the framework's would fetch its scripts from somebody else's server.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from types import ModuleType
from typing import Any, Final

from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool
from typing_extensions import override

from registry.service.container import Container
from registry.web import problems
from registry.web.console import gate as console_gate
from registry.web.console import routes as console
from registry.web.delivery import Delivery
from registry.web.holding import BodyHolding, Holding
from registry.web.limits import BodyLimit
from registry.web.metering import Meter, Metering
from registry.web.openapi import complete
from registry.web.pages import claims as claim_pages
from registry.web.pages import files as static_files
from registry.web.pages import held_files, shared_pictures
from registry.web.pages import log as log_page
from registry.web.pages import shared as shared_pages
from registry.web.pages import verify as verify_page
from registry.web.pages.problem_pages import ProblemPages
from registry.web.pages.rendering import Pages
from registry.web.rate_limit import RateLimits
from registry.web.routers import (
    achievements,
    audit_trail,
    certificates,
    claims,
    credentials,
    did_resolution,
    health,
    instances,
    issuers,
    mappings,
    members,
    own_keys,
    promises,
    public,
    reissuing,
    shares,
    uploads,
    vc_issuing,
    vc_verification,
    verification,
)

TITLE: Final = "credroot"


class App(FastAPI):
    """The framework's application with a complete OpenAPI document."""

    @override
    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document."""
        if self.openapi_schema is None:
            self.openapi_schema = complete(super().openapi())
        return self.openapi_schema


class KeylessApp(App):
    """An application that asks nobody for a key."""

    @override
    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document."""
        if self.openapi_schema is None:
            self.openapi_schema = complete(FastAPI.openapi(self), keyless=True)
        return self.openapi_schema


def create_app(container: Container, metering: Metering | None = None) -> FastAPI:
    """Make the application; starting it carries on unfinished uploads, ending it closes what was opened."""
    summary = "A credential registry whose every fact is one Merkle path to one Ethereum transaction."
    resources = (*_REGISTRY, *_VC_API, *_PAGES)
    return _with_routes(App, container, resources, summary=summary, metering=metering, pages=Pages.load())


def create_interop_app(container: Container) -> FastAPI:
    """Make the application of a server for interoperability tests: the VC API alone, for everybody."""
    summary = "The VC API with issuers of its own, for interoperability tests: no chain, no keys."
    return _with_routes(KeylessApp, container, (health, instances, *_VC_API), summary=summary)


_REGISTRY: Final = (
    issuers,
    achievements,
    uploads,
    credentials,
    reissuing,
    claims,
    shares,
    certificates,
    promises,
    own_keys,
    members,
    mappings,
    audit_trail,
    verification,
    health,
    public,
)
_VC_API: Final = (vc_issuing, vc_verification, did_resolution)
_PAGES: Final = (static_files, verify_page, log_page, shared_pages, shared_pictures, claim_pages, held_files, console)


def _with_routes(
    kind: type[App],
    container: Container,
    resources: Sequence[ModuleType],
    *,
    summary: str,
    metering: Metering | None = None,
    pages: Pages | None = None,
) -> FastAPI:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await run_in_threadpool(container.runner.resume)
        if container.mailer is not None:
            container.mailer.start()
        try:
            yield
        finally:
            await run_in_threadpool(container.close)

    app = kind(
        title=TITLE,
        summary=summary,
        version="1",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        # An address has one spelling: a redirect would send a key and a file twice.
        redirect_slashes=False,
    )
    app.state.container = container
    app.state.routes = tuple(route for resource in resources for route in resource.router.routes)
    app.state.rate_limits = RateLimits()
    app.state.holding = Holding()
    app.add_middleware(BodyHolding)
    app.add_middleware(BodyLimit, max_upload_bytes=container.max_upload_bytes)
    app.add_middleware(problems.LastResort)
    if pages is not None:
        app.state.pages = pages
        console_gate.install(app)
        app.add_middleware(ProblemPages, pages=pages)
    if metering is not None:
        app.add_middleware(Meter, metering=metering)
    app.add_middleware(Delivery)
    problems.install(app)
    for resource in resources:
        app.include_router(resource.router)
    return app
