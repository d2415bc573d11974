"""Who may come in: the request's Host, its Origin, its credential. Refusals are responses."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from conduit_widget.contract import HEALTH_PATH, READY_PATH, ErrorText
from conduit_widget.errors import AuthenticationError
from conduit_widget.hub.auth.local_authority import Authenticator, read_credential
from conduit_widget.hub.auth.principal import Principal
from conduit_widget.hub.connections.mount import MountedHub
from conduit_widget.hub.door.origins import OriginPolicy
from conduit_widget.hub.door.refusal_log import RefusalLog
from conduit_widget.hub.http import (
    FORWARDED_FOR,
    HttpRequest,
    HttpResponse,
    Send,
    error_response,
    send_response,
)
from conduit_widget.hub.limits.address_rates import AddressRates
from conduit_widget.plain_text import shown

OPERATOR: Final = "operator"
_MAX_STRANGERS: Final = 32
_MAX_NAME: Final = 200
_UNCHECKED_HOSTS: Final = frozenset({HEALTH_PATH, READY_PATH})
_RETRY_LATER: Final = {"retry-after": "10"}


logger = logging.getLogger(__name__)


class Admission:
    """The checks every request passes, whatever it wants.

    With ``operators_only`` the pages for operators (metrics, dashboard) want the role ``operator``; without,
    whoever reaches the hub may look at them, which is meant for a hub that only its own machine reaches.
    ``setting_names``: what ``allowed_hosts`` and ``allowed_origins`` are called where the operator sets them.
    ``addresses`` counts who wants to connect, and failed credentials, by client address.
    """

    def __init__(
        self,
        authenticator: Authenticator,
        allowed_origins: Sequence[str],
        allowed_hosts: Sequence[str],
        *,
        operators_only: bool = False,
        addresses: AddressRates | None = None,
        setting_names: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._authenticator = authenticator
        self._addresses = addresses
        self._setting_names = setting_names
        self._operators_only = operators_only
        self._policy = OriginPolicy(allowed_origins, allowed_hosts)
        self._strangers: set[tuple[str, str]] = set()
        self._refusals = RefusalLog()

    def refusal(self, request: HttpRequest) -> HttpResponse | None:
        """Return what refuses a request's Host or Origin, if one of them is not allowed."""
        host = request.headers.get("host", "")
        if request.path not in _UNCHECKED_HOSTS and not self._policy.allows_host(host):
            self._tell_once("Host", host, "allowed_hosts")
            return error_response(400, "This Host is not served here: it is not among the allowed hosts.")
        origin = request.headers.get("origin")
        if origin is not None and not self._policy.allows_origin(origin):
            self._tell_once("origin", origin, "allowed_origins")
            return error_response(403, "This origin is not among the allowed origins.")
        return None

    def _tell_once(self, what: str, value: str, setting: str) -> None:
        """Log a refused name the first time, for whoever forgot to allow it; of so many, not of all."""
        value = value[:_MAX_NAME]
        if len(self._strangers) < _MAX_STRANGERS and (what, value) not in self._strangers:
            self._strangers.add((what, value))
            name = self._setting_names.get(setting, setting)
            logger.warning("The %s %s is refused; if it is yours, add it to %s.", what, shown(value), name)

    def preflight(self, request: HttpRequest) -> HttpResponse | None:
        """Return the answer to a CORS preflight, if the request is one (its origin is allowed)."""
        origin = request.headers.get("origin")
        if origin is None or request.method != "OPTIONS":
            return None
        return HttpResponse(204, headers=self._policy.preflight_headers(origin))

    def cors_headers(self, request: HttpRequest) -> Mapping[str, str]:
        """Return the CORS headers for a request that was let in."""
        return self._policy.headers(request.headers.get("origin"))

    async def authenticate(self, request: HttpRequest, mount: MountedHub) -> Principal | HttpResponse:
        """Return who asks, or the 401 or 403 that refuses them."""
        try:
            return await self._authenticator.authenticate(read_credential(request))
        except AuthenticationError as error:
            refusal = self.too_many(request, mount)
            if refusal is not None:
                return refusal
            mount.meter.refused("unauthorized")
            self._refusals.refused(mount.path, error)
            return error_response(error.status_code, str(error), {"www-authenticate": "Bearer"})

    def too_many(self, request: HttpRequest, mount: MountedHub) -> HttpResponse | None:
        """Count one more try of the request's client to connect; return the 429 for one too many."""
        forwarded_for = request.headers.get(FORWARDED_FOR, "")
        if self._addresses is None or self._addresses.take(request.client, forwarded_for, time.monotonic()):
            return None
        mount.meter.refused("rate_limit")
        return error_response(429, ErrorText.RATE_LIMIT, _RETRY_LATER)

    async def require_operator(self, request: HttpRequest) -> HttpResponse | None:
        """Return the 401 or 403 that keeps a request from an operator's page; None lets it in.

        The credential comes in a header (outside the hubs no query token counts): a token or an opaque key
        whose roles hold ``operator``.
        """
        if not self._operators_only:
            return None
        try:
            user = await self._authenticator.authenticate(read_credential(request))
        except AuthenticationError as error:
            self._refusals.refused("the operators' pages", error)
            return error_response(error.status_code, str(error), {"www-authenticate": "Bearer"})
        return None if OPERATOR in user.roles else error_response(403, ErrorText.UNAUTHORIZED)


async def refuse_websocket(extensions: Mapping[str, object], send: Send, response: HttpResponse) -> None:
    """Refuse a WebSocket with an HTTP response where the server can, else with a plain 403."""
    if "websocket.http.response" in extensions:
        await send_response(send, response, "websocket.http.response")
    else:
        await send({"type": "websocket.close", "code": 1008, "reason": ""})
