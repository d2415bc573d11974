"""``POST /auth/jupyterhub``: a token of this hub for whoever shows the API token of their JupyterHub server.

The hub asks JupyterHub itself whose token it is, so nobody can name another. It has to be the token of the
user's own server: a server that somebody visits gets one that speaks for the visitor as well, and its owner
must not write in the visitor's name. Only an own token may report its user's activity; that tells them apart.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import OrderedDict
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2
import msgspec

from conduit_widget.contract import MAX_ID_CHARS, ErrorText
from conduit_widget.errors import UNREADABLE, SettingsError
from conduit_widget.hub.auth.local_authority import MAX_TOKEN_CHARS, LocalAuthority
from conduit_widget.hub.http import HttpRequest, HttpResponse, error_response, json_response
from conduit_widget.nesting import is_json_too_deep
from conduit_widget.text.plain_text import is_user_id

TOKEN_TTL: Final = 900.0
"""Seconds: who loses their account at JupyterHub is out as soon."""

KNOWN_FOR: Final = 30.0
"""Seconds in which a token is not asked about again, whatever JupyterHub said of it."""

MAX_KNOWN: Final = 1000
MAX_ASKING: Final = 16
ASK_TIMEOUT: Final = 5.0
_MAX_ANSWER_BYTES: Final = 64 * 1024
_TOO_MANY_REQUESTS: Final = 429


class JupyterHubUser(msgspec.Struct, frozen=True):
    """What JupyterHub says of a token."""

    kind: str
    name: str
    scopes: list[str]


class _Wanted(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """What may be asked for."""

    read_only: bool = False


_decoder = msgspec.json.Decoder(JupyterHubUser)
_wanted_decoder = msgspec.json.Decoder(_Wanted)


class _AwayError(Exception):
    """JupyterHub does not answer."""


class JupyterHubExchange:
    """Turns tokens of a JupyterHub into tokens of this hub.

    Overflow policy: :data:`MAX_KNOWN` tokens are remembered, the oldest is forgotten first; while
    :data:`MAX_ASKING` are being asked about, further ones are refused with 503.

    Args:
        api_url: JupyterHub's API, such as ``http://127.0.0.1:8081/hub/api``.
        authority: signs the tokens.

    Raises:
        SettingsError: the address is none.

    """

    def __init__(self, api_url: str, authority: LocalAuthority) -> None:
        parts = urlsplit(api_url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise SettingsError("--jupyterhub-api must look like http://host:port/hub/api.")
        self._url = f"{api_url.rstrip('/')}/user"
        self._authority = authority
        self._transport = httpx2.AsyncHTTPTransport(trust_env=False)  # a client would log every request
        self._known: OrderedDict[bytes, tuple[str | None, float]] = OrderedDict()
        self._asking = 0

    async def exchange(self, request: HttpRequest) -> HttpResponse:
        """Answer ``{accessToken, expiresAt}`` (epoch seconds); to ``{"readOnly": true}`` a reader's.

        A body that says anything else is refused: nobody becomes a writer by a slip.
        """
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        token = token.strip()
        if scheme.lower() not in {"bearer", "token"} or not token:
            return _refusal(ErrorText.AUTHENTICATION_REQUIRED)
        if len(token) > MAX_TOKEN_CHARS or not token.isascii() or not token.isprintable():
            return _refusal(ErrorText.INVALID_AUTHENTICATION)
        body = await request.body.read()
        try:
            wanted = _wanted_decoder.decode(body) if body else _Wanted()
        except UNREADABLE:
            return error_response(400, 'The body must be empty or {"readOnly": true}.')
        try:
            user_id = await self._user_of(token)
        except _AwayError:
            return error_response(503, "JupyterHub does not answer. Please try again.", {"retry-after": "5"})
        if user_id is None:
            return _refusal(ErrorText.INVALID_AUTHENTICATION)
        issued = self._authority.issue(user_id, user_id, TOKEN_TTL, is_read_only=wanted.read_only)
        return json_response(200, {"accessToken": issued, "expiresAt": int(time.time() + TOKEN_TTL)})

    async def _user_of(self, token: str) -> str | None:
        """Return whose own token it is; None if it is nobody's.

        Raises:
            _AwayError: JupyterHub cannot be asked now.

        """
        key, now = hashlib.sha256(token.encode()).digest(), time.monotonic()
        user_id, until = self._known.get(key, (None, 0.0))
        if until > now:
            return user_id
        if self._asking >= MAX_ASKING:
            raise _AwayError
        self._asking += 1
        try:
            user_id = owner_of(await self._ask(token))
        finally:
            self._asking -= 1
        self._known[key] = (user_id, now + KNOWN_FOR)
        self._known.move_to_end(key)
        if len(self._known) > MAX_KNOWN:
            self._known.popitem(last=False)
        return user_id

    async def _ask(self, token: str) -> bytes:
        """Return what JupyterHub says of a token; nothing where it does not know it."""
        headers = {"authorization": f"Bearer {token}", "accept": "application/json"}
        timeout = httpx2.Timeout(ASK_TIMEOUT).as_dict()
        request = httpx2.Request("GET", self._url, headers=headers, extensions={"timeout": timeout})
        answer = bytearray()
        try:
            async with asyncio.timeout(ASK_TIMEOUT):
                response = await self._transport.handle_async_request(request)
                try:
                    async for piece in response.aiter_raw():
                        answer += piece
                        if len(answer) > _MAX_ANSWER_BYTES:
                            raise _AwayError
                finally:
                    await response.aclose()
        except (httpx2.HTTPError, OSError, TimeoutError):
            raise _AwayError from None
        if response.status_code >= 500 or response.status_code == _TOO_MANY_REQUESTS:
            raise _AwayError
        return bytes(answer) if response.status_code == 200 else b""


def owner_of(answer: bytes) -> str | None:
    """Return the user whose own token it is, from JupyterHub's answer; None if it is none."""
    if not answer or is_json_too_deep(answer):
        return None
    try:
        user = _decoder.decode(answer)
    except UNREADABLE:
        return None
    if user.kind != "user" or len(user.name) > MAX_ID_CHARS or not is_user_id(user.name):
        return None
    return user.name if any(_is_own(scope, user.name) for scope in user.scopes) else None


def _is_own(scope: str, name: str) -> bool:
    """Whether a scope lets report the activity of this user; a token for visitors has none like it."""
    kind, _, limit = scope.partition("!")
    return kind == "users:activity" and limit in {"", f"user={name}"}


def _refusal(text: str) -> HttpResponse:
    headers: dict[str, Any] = {"www-authenticate": "Bearer"}
    return error_response(401, text, headers)
