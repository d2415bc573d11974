"""Decides whether a request is admitted, by its Host, its Origin and its credential.

A refusal is returned as a response.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from conduit_widget.contract import HEALTH_PATH, READY_PATH, ErrorText
from conduit_widget.errors import AuthenticationError
from conduit_widget.hub.auth.local_authority import Authenticator, read_credential
from conduit_widget.hub.auth.principal import Principal
from conduit_widget.hub.door.origins import OriginPolicy
from conduit_widget.hub.http import (
    FORWARDED_FOR,
    HttpRequest,
    HttpResponse,
    Send,
    error_response,
    response_start,
)
from conduit_widget.hub.limits.address_rates import AddressRates
from conduit_widget.hub.metrics.hub_metrics import HubMeter
from conduit_widget.text.plain_text import shown

_MAX_LOGGED_NAMES: Final = 32
_MAX_NAME: Final = 200
_UNCHECKED_HOSTS: Final = frozenset({HEALTH_PATH, READY_PATH})
_HUBS: Final = "/hubs/"
_RETRY_LATER: Final = {"retry-after": "10"}
_REFUSAL_INTERVAL: Final = 1.0
_MAX_REASONS: Final = 64

_logger = logging.getLogger(__name__)


class RefusalLog:
    """Logs the reasons of refused credentials; no part of a credential, no user, no address is in a line.

    A reason is repeated after a second at the earliest, with how many were not told meanwhile.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._told: dict[tuple[str, str], list[float]] = {}  # when, and how many since

    def refused(self, where: str, error: AuthenticationError) -> None:
        """Log a refusal at ``where``, a path of the hub's own."""
        reason = error.reason or "nobody here knows it"
        now, key = self._clock(), (where, reason)
        told = self._told.get(key)
        if told is not None and now - told[0] < _REFUSAL_INTERVAL:
            told[1] += 1
            return
        if told is None and len(self._told) >= _MAX_REASONS:
            self._told.clear()
        self._told[key] = [now, 0]
        more = f" ({told[1]:.0f} more since the last such line)" if told is not None and told[1] else ""
        _logger.info("A credential was refused at %s: %s%s", where, reason, more)


class Admission:
    """The checks every request passes, whatever it wants.

    ``setting_names``: what ``allowed_hosts`` and ``allowed_origins`` are called where the operator sets them.
    ``addresses`` counts who wants to connect, and failed credentials, by client address.
    """

    def __init__(
        self,
        authenticator: Authenticator,
        allowed_origins: Sequence[str],
        allowed_hosts: Sequence[str],
        *,
        addresses: AddressRates | None = None,
        setting_names: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._authenticator = authenticator
        self._addresses = addresses
        self._setting_names = setting_names
        self._policy = OriginPolicy(allowed_origins, allowed_hosts)
        self._logged_names: set[tuple[str, str]] = set()
        self._refusals = RefusalLog()

    def refusal(self, request: HttpRequest) -> HttpResponse | None:
        """Return what refuses a request's Host or Origin, if one of them is not allowed."""
        host = request.headers.get("host", "")
        if request.path not in _UNCHECKED_HOSTS and not self._policy.allows_host(host):
            self._log_first_refusal("Host", host, "allowed_hosts")
            return error_response(400, "This Host is not served here: it is not among the allowed hosts.")
        origin = request.headers.get("origin")
        if origin is not None and not self._policy.allows_origin(origin):
            self._log_first_refusal("origin", origin, "allowed_origins")
            return error_response(403, "This origin is not among the allowed origins.")
        return None

    def _log_first_refusal(self, what: str, value: str, setting: str) -> None:
        """Log a refused name once, for an operator who forgot to allow it; at most 32 names."""
        value = value[:_MAX_NAME]
        if len(self._logged_names) < _MAX_LOGGED_NAMES and (what, value) not in self._logged_names:
            self._logged_names.add((what, value))
            name = self._setting_names.get(setting, setting)
            _logger.warning("The %s %s is refused; if it is yours, add it to %s.", what, shown(value), name)

    def preflight(self, request: HttpRequest, methods: str) -> HttpResponse | None:
        """Return the answer to a CORS preflight, if the request is one (its origin is allowed)."""
        origin = request.headers.get("origin")
        if origin is None or request.method != "OPTIONS":
            return None
        return HttpResponse(204, headers=self._policy.preflight_headers(origin, methods))

    def cors_headers(self, request: HttpRequest) -> Mapping[str, str]:
        """Return the CORS headers for a request that was let in."""
        return self._policy.headers(request.headers.get("origin"))

    async def authenticate(
        self,
        request: HttpRequest,
        place: str,
        meter: HubMeter | None = None,
        *,
        in_query: bool | None = None,
    ) -> Principal | HttpResponse:
        """Return who asks, or the 401 or 403 that refuses them.

        ``place`` is the path's name in the log, ``meter`` counts refusals; ``in_query``: whether a credential
        in the query counts (``None``: only under ``/hubs/``).
        """
        if in_query is None:
            in_query = request.path.startswith(_HUBS)
        try:
            return await self._authenticator.authenticate(read_credential(request, in_query=in_query))
        except AuthenticationError as error:
            refusal = self.too_many(request, meter)
            if refusal is not None:
                return refusal
            if meter is not None:
                meter.refused("unauthorized")
            self._refusals.refused(place, error)
            return error_response(error.status_code, str(error), {"www-authenticate": "Bearer"})

    def too_many(self, request: HttpRequest, meter: HubMeter | None) -> HttpResponse | None:
        """Count one more try of the request's client to connect; return the 429 for one too many."""
        forwarded_for = request.headers.get(FORWARDED_FOR, "")
        if self._addresses is None or self._addresses.consume(
            request.client, forwarded_for, time.monotonic()
        ):
            return None
        if meter is not None:
            meter.refused("rate_limit")
        return error_response(429, ErrorText.RATE_LIMIT, _RETRY_LATER)


async def refuse_websocket(extensions: Mapping[str, object], send: Send, response: HttpResponse) -> None:
    """Refuse a WebSocket with an HTTP response where the server can, else with a plain 403."""
    if "websocket.http.response" in extensions:
        assert isinstance(response.body, bytes)
        await send(response_start(response, len(response.body), "websocket.http.response"))
        await send({"type": "websocket.http.response.body", "body": response.body})
    else:
        await send({"type": "websocket.close", "code": 1008, "reason": ""})
