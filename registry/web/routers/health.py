"""How the service is: whether the process answers, and whether it can work."""

from fastapi import APIRouter

from registry.domain.errors import NotFound, Unavailable
from registry.web.requests import Wired
from registry.web.schemas import HealthView

router = APIRouter(tags=["public"])


@router.get("/healthz")
def healthz() -> HealthView:
    """Tell that the process answers."""
    return HealthView(status="ok")


@router.get("/readyz")
def readyz(container: Wired) -> HealthView:
    """Tell that the database answers and belongs to a log: 503 otherwise."""
    with container.resources.store.read() as unit:
        try:
            unit.access.log()
        except NotFound as error:
            raise Unavailable("not-initialised", "run `credroot init` first") from error
    return HealthView(status="ok")
