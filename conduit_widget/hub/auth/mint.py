"""``POST /auth/token``: tokens for the kernels of this machine's user, for whoever holds the mint key."""

from __future__ import annotations

import hmac
import time
from typing import Final

import msgspec

from conduit_widget.contract import MAX_ID_CHARS, MAX_PICTURE_CHARS, ErrorText
from conduit_widget.errors import UNREADABLE
from conduit_widget.hub.auth.local_authority import LocalAuthority
from conduit_widget.hub.http import HttpHandler, HttpRequest, HttpResponse, error_response, json_response
from conduit_widget.hub.mismatch import describe_mismatch
from conduit_widget.nesting import MAX_DEPTH, is_json_too_deep
from conduit_widget.text.plain_text import is_plain, is_user_id

DEFAULT_TTL: Final = 3600.0


class _MintRequest(msgspec.Struct, frozen=True, rename="camel"):
    user_id: str
    user_name: str
    read_only: bool = False
    initials: str = ""
    color: str = ""
    picture: str = ""


_decoder = msgspec.json.Decoder(_MintRequest)


def mint_handler(authority: LocalAuthority, mint_key: str, *, ttl: float = DEFAULT_TTL) -> HttpHandler:
    """Return the handler: ``{userId, userName}`` in, ``{accessToken, expiresAt}`` (epoch seconds) out.

    With ``readOnly: true`` the token may read and not write; ``initials``, ``color`` and ``picture`` are how
    others see the user.

    The request carries ``Authorization: Bearer <mint_key>``; ``ttl`` is in seconds.

    Raises:
        ValueError: the mint key is empty, which would let everybody in.

    """
    if not mint_key:
        raise ValueError("The mint key must not be empty.")
    expected = f"Bearer {mint_key}".encode()

    async def mint(request: HttpRequest) -> HttpResponse:
        given = request.headers.get("authorization", "")
        if not given:
            return _refusal(ErrorText.AUTHENTICATION_REQUIRED)
        if not hmac.compare_digest(given.encode(), expected):
            return _refusal(ErrorText.INVALID_AUTHENTICATION)
        body = await request.body.read()
        if is_json_too_deep(body):
            return error_response(400, f"The request nests more than {MAX_DEPTH} levels deep.")
        try:
            wanted = _decoder.decode(body)
        except msgspec.ValidationError as error:
            return error_response(400, f"The request is not valid: {describe_mismatch(error)}.")
        except UNREADABLE:
            return error_response(400, "The request is not JSON.")
        for name, value in (("userId", wanted.user_id), ("userName", wanted.user_name)):
            if not 0 < len(value) <= MAX_ID_CHARS:
                return error_response(
                    400, f"{name}: must have 1 to {MAX_ID_CHARS} characters, has {len(value)}."
                )
        if not is_plain(wanted.user_id):
            return error_response(400, "userId: must not contain control or invisible characters.")
        if not is_user_id(wanted.user_id):
            return error_response(400, "userId: must have a character that can be seen.")
        token = authority.issue(
            wanted.user_id,
            wanted.user_name,
            ttl,
            is_read_only=wanted.read_only,
            initials=wanted.initials[:MAX_ID_CHARS],
            color=wanted.color[:MAX_ID_CHARS],
            picture=wanted.picture if len(wanted.picture) <= MAX_PICTURE_CHARS else "",
        )
        return json_response(200, {"accessToken": token, "expiresAt": int(time.time() + ttl)})

    return mint


def _refusal(text: str) -> HttpResponse:
    return error_response(401, text, {"www-authenticate": "Bearer"})
