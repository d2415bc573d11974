"""The pages for operators: ``/healthz``, ``/readyz``, ``/metrics``, ``/figures`` and the dashboard.

The dashboard is one page, its script and its style, built from ``js/src/dashboard``. It is the same for
everybody and holds no figures, so whoever can reach the hub can load it; its script reads ``/figures``, which
only operators may read where the hub is for others.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol

from conduit_widget.contract import FIGURES_PATH, HEALTH_PATH, METRICS_PATH, OPERATOR_ROLE, READY_PATH
from conduit_widget.hub.http import HttpHandler, HttpRequest, HttpResponse, json_response
from conduit_widget.hub.metrics.hub_metrics import CONTENT_TYPE, HubMetrics
from conduit_widget.hub.open_files import OpenFiles
from conduit_widget.hub.readiness import ReadinessCheck, readiness_report
from conduit_widget.hub.routes import Route
from conduit_widget.hub.static_pages import PAGE_HEADERS, STATIC, file_routes

DASHBOARD_PATH: Final = "/dashboard"

_logger = logging.getLogger(__name__)
_FILES: Final = {
    DASHBOARD_PATH: ("dashboard.html", "text/html; charset=utf-8"),
    f"{DASHBOARD_PATH}.js": ("dashboard.js", "text/javascript; charset=utf-8"),
    f"{DASHBOARD_PATH}.css": ("dashboard.css", "text/css; charset=utf-8"),
}
_HEADERS: Final = {
    # Nothing from elsewhere, nothing inline, no text that becomes markup, in nobody's frame.
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    ),
    **PAGE_HEADERS,
}


class Operated(Protocol):
    """The application whose state the pages show."""

    open_files: OpenFiles
    metrics: HubMetrics

    @property
    def connections_active(self) -> int:
        """Connections open now."""
        ...

    @property
    def draining(self) -> bool:
        """Whether the hub is about to end."""
        ...


class OperatorPages:
    """The pages of one hub application.

    With ``operators_only`` the metrics want the role ``operator``; without, whoever reaches the hub may read
    them, which is meant for a hub that only its own machine reaches.
    """

    def __init__(self, app: Operated, readiness: Sequence[ReadinessCheck], *, operators_only: bool) -> None:
        self._app = app
        self._operators_only = operators_only
        self._readiness = tuple(readiness)
        self._missing: tuple[str, ...] = ()  # what the last probe missed

    def routes(self) -> list[Route]:
        """Return the pages; a probe and a scrape want them while the hub drains, too."""
        return [
            Route(HEALTH_PATH, self._health, while_draining=True),
            Route(READY_PATH, self._ready, while_draining=True),
            self._for_operators(METRICS_PATH, self._metrics),
            self._for_operators(FIGURES_PATH, self._figures),
            *dashboard_routes(),
        ]

    def _for_operators(self, path: str, handler: HttpHandler) -> Route:
        if not self._operators_only:
            return Route(path, handler, while_draining=True)
        return Route(path, handler, principal="required", role=OPERATOR_ROLE, while_draining=True)

    async def _health(self, _request: HttpRequest) -> HttpResponse:
        return json_response(200, {"status": "ok"})

    async def _ready(self, _request: HttpRequest) -> HttpResponse:
        app, checks = self._app, self._readiness
        if app.open_files.missing:
            checks = (*checks, ReadinessCheck("open files", app.open_files.check))
        ready, report = await readiness_report(
            checks, draining=app.draining, connections=app.connections_active
        )
        if not app.draining:  # that is told already
            self._log_change(report["reasons"])
        return json_response(200 if ready else 503, report)

    def _log_change(self, missing: Sequence[str]) -> None:
        """Log what a probe finds when it is not what the last one found."""
        if tuple(missing) != self._missing:
            self._missing = tuple(missing)
            if missing:
                _logger.warning("The hub is not ready: %s", " ".join(missing))
            else:
                _logger.warning("The hub is ready again.")  # whoever heard of the one hears of the other

    async def _metrics(self, _request: HttpRequest) -> HttpResponse:
        return HttpResponse(200, self._app.metrics.render(), CONTENT_TYPE)

    async def _figures(self, request: HttpRequest) -> HttpResponse:
        return json_response(200, self._app.metrics.figures.since(request.query.get("since", "")))


def dashboard_routes(static: Path = STATIC) -> list[Route]:
    """Return the routes of the dashboard; ``static`` is where the build put its files."""
    return file_routes(_FILES, _HEADERS, static=static, while_draining=True)
