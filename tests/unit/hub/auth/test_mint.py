"""The mint endpoint: tokens for whoever holds the key, for nobody else."""

from __future__ import annotations

import json
import time

import httpx2
import msgspec
import pytest

from conduit_widget.contract import MINT_PATH, ErrorText
from conduit_widget.hub.app import HubApp
from conduit_widget.hub.auth.local_authority import LocalAuthority
from conduit_widget.hub.auth.mint import mint_handler
from conduit_widget.hub.routes import Route

AUTHORITY = LocalAuthority(b"0123456789abcdef0123456789abcdef")
KEY = "the mint key"


async def _post(body: object, key: str | None = KEY, method: str = "POST") -> httpx2.Response:
    headers = httpx2.Headers({} if key is None else {"authorization": f"Bearer {key}"}, encoding="utf-8")
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    route = Route(MINT_PATH, mint_handler(AUTHORITY, KEY, ttl=60), methods=("POST",))
    transport = httpx2.ASGITransport(HubApp({}, authenticator=AUTHORITY, routes=[route]))
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
        return await http.request(method, MINT_PATH, content=raw, headers=headers)


async def test_token_is_minted_when_the_key_is_right() -> None:
    """The answer carries a token for the named user and when it ends."""
    before = time.time()
    response = await _post({"userId": "ann", "userName": "Ann"})
    answer = msgspec.json.decode(response.content)
    assert response.status_code == 200
    principal = AUTHORITY.verify(answer["accessToken"])
    assert (principal.user_id, principal.user_name) == ("ann", "Ann")
    assert before - 1 <= answer["expiresAt"] - 60 <= time.time() + 1, "whole seconds"


async def test_token_for_reading_alone_is_minted_when_asked_for() -> None:
    """It says so itself; any other may write."""
    body = {"userId": "ann", "userName": "Ann"}
    for read_only in (True, False):
        answer = msgspec.json.decode((await _post({**body, "readOnly": read_only})).content)
        assert AUTHORITY.verify(answer["accessToken"]).may_write is not read_only


@pytest.mark.parametrize(
    ("key", "text"),
    [
        (None, ErrorText.AUTHENTICATION_REQUIRED),
        ("wrong", ErrorText.INVALID_AUTHENTICATION),
        ("", ErrorText.INVALID_AUTHENTICATION),
        (KEY + "x", ErrorText.INVALID_AUTHENTICATION),
        ("ключ", ErrorText.INVALID_AUTHENTICATION),
    ],
)
async def test_mint_refuses_when_the_key_is_missing_or_wrong(key: str | None, text: str) -> None:
    """401 with the contract's text, and no token."""
    response = await _post({"userId": "ann", "userName": "Ann"}, key)
    assert (response.status_code, json.loads(response.content)) == (401, {"error": text})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        [],
        {},
        {"userId": 5, "userName": "A"},
        {"userId": "", "userName": "A"},
        {"userId": "a"},
        {"userId": "a" * 129, "userName": "A"},
        {"userId": "ann\u202e", "userName": "A"},
        {"userId": "an\nn", "userName": "A"},
    ],
)
async def test_mint_names_the_mistake_when_the_body_is_wrong(body: object) -> None:
    """400, never echoing the content."""
    response = await _post(body)
    assert response.status_code == 400
    assert b"aaaa" not in response.content


async def test_mint_refuses_when_not_posted() -> None:
    """405 names the method to use."""
    response = await _post({}, method="GET")
    assert (response.status_code, response.headers["allow"]) == (405, "POST")


def test_empty_mint_key_is_refused_when_constructing() -> None:
    """An empty key would let everybody in."""
    with pytest.raises(ValueError, match="empty"):
        mint_handler(AUTHORITY, "")


@pytest.mark.parametrize("user_id", [" ", "\u3000 ", "\u200d", "\u2800", "\ufe0f", "\u200c\xa0"])
async def test_user_that_cannot_be_seen_is_refused_by_name(user_id: str) -> None:
    """Blanks and joiners alone are nobody's id."""
    response = await _post({"userId": user_id, "userName": "Ann"})
    assert response.status_code == 400
    assert b"userId: must have a character that can be seen." in response.content


async def test_body_that_nests_too_deeply_is_refused() -> None:
    """With the limit."""
    response = await _post(b'{"userId":"ann","userName":"Ann","x":' + b"[" * 40 + b"]" * 40 + b"}")
    assert response.status_code == 400
    assert b"nests more than 32 levels" in response.content
