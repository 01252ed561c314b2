"""`/log`: the log for whoever wants to watch it; every figure leads to the published file behind it."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi import Path as PathParameter

from registry.service.log_overview import EpochOverview
from registry.web.pages.rendering import pages_of
from registry.web.requests import Wired
from registry.web.routers.public import MAX_EPOCH

router = APIRouter(include_in_schema=False)

_CHART_WIDTH = 640
_CHART_HEIGHT = 120
_FEWEST_BARS = 10
"""The first epochs are no broader than later ones will be."""


@router.get("/log")
def show_log(
    request: Request, container: Wired, before: Annotated[int | None, Query(ge=2, le=MAX_EPOCH)] = None
) -> Response:
    """Show the log: its newest epochs, what waits, and how long the oldest has been waiting."""
    overview = container.log_overviews.overview(before=before)
    context = {"log": overview, "bars": _bars(overview.epochs), "chart": (_CHART_WIDTH, _CHART_HEIGHT)}
    return pages_of(request).render(request, "log/log.html", context)


@router.get("/log/{number}")
def show_epoch(
    request: Request, container: Wired, number: Annotated[int, PathParameter(ge=1, le=MAX_EPOCH)]
) -> Response:
    """Show an epoch: its batches, its status lists, its anchor."""
    return pages_of(request).render(request, "log/epoch.html", {"epoch": container.log_overviews.epoch(number)})


def _bars(epochs: tuple[EpochOverview, ...]) -> list[dict[str, object]]:
    """Draw the credentials of each published epoch as a bar, oldest first."""
    shown = [(epoch.number, epoch.published.credentials) for epoch in reversed(epochs) if epoch.published is not None]
    most = max((count for _, count in shown), default=0) or 1
    step = _CHART_WIDTH / max(len(shown), _FEWEST_BARS)
    return [
        {
            "epoch": number,
            "credentials": count,
            "x": round(position * step + step * 0.1, 1),
            "width": round(step * 0.8, 1),
            # An epoch of status changes alone is there too: a line at the foot.
            "height": max(round(_CHART_HEIGHT * count / most, 1), 1),
        }
        for position, (number, count) in enumerate(shown)
    ]
