"""Bad input against the real hub process: a clear error each, nothing else suffers, no log tells secrets."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import jwt
import pytest
import websockets

from conduit_widget.client import HubConnection
from conduit_widget.contract import CHAT_HUB_PATH, TOKEN_AUDIENCE, TOKEN_ISSUER, ErrorText
from conduit_widget.errors import AuthenticationError, HubException
from conduit_widget.hub.auth.secret_file import load_or_create_secrets
from tests.support.hub.live_hub import LiveHub

MARKER = "xyzzy-content-marker"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveHub]:
    """A real hub; no model is asked for anything here."""
    live = LiveHub(tmp_path_factory.mktemp("hub"), {"CONDUIT_PROVIDER": "local"}).start()
    yield live
    live.stop()


def chat_message(**fields: Any) -> dict[str, Any]:
    """A message that needs no answer."""
    return {
        "id": str(uuid.uuid4()),
        "role": "user",
        "content": MARKER,
        "metadata": {"respond": False},
        **fields,
    }


@pytest.mark.parametrize(
    ("message", "named"),
    [
        (lambda: chat_message(content=""), "message: is empty"),
        (lambda: chat_message(content=f" {chr(9)}\n"), "message: is empty"),
        (lambda: chat_message(content=MARKER * 2000), "message: has 40000 bytes.* 32768 bytes"),
        (lambda: chat_message(content=17), "message: must be text"),
        (lambda: chat_message(id=17), "id"),
        (lambda: chat_message(role="system"), "role"),
        (lambda: chat_message(content="nul \x00 " + MARKER), "message: must not contain NUL"),
        (lambda: {"role": "user", "content": MARKER}, "id"),
        (lambda: [MARKER], "message"),
    ],
    ids=["empty", "blank", "oversized", "wrong-type", "wrong-id", "wrong-role", "nul", "no-id", "no-message"],
)
async def test_refused_message_names_its_field_and_the_connection_goes_on(
    hub: LiveHub, message: Callable[[], Any], named: str
) -> None:
    """A message over a limit or of the wrong kind is refused by name, never echoed; the next one works."""
    async with HubConnection(hub.url + CHAT_HUB_PATH, access_token=hub.token("ada")) as connection:
        await connection.invoke("JoinConversation", "bad-input")
        with pytest.raises(HubException, match=named) as refused:
            await connection.invoke("SendMessage", "bad-input", message())
        assert MARKER not in str(refused.value)
        receipt = await connection.invoke("SendMessage", "bad-input", chat_message())
        assert receipt["seq"] > 0
    assert MARKER not in hub.log


async def test_record_over_the_wire_limit_is_refused_with_the_limit(hub: LiveHub) -> None:
    """A record above 64 KiB gets an error that names the limit; the connection's other work goes on."""
    async with HubConnection(hub.url + CHAT_HUB_PATH, access_token=hub.token("ada")) as connection:
        await connection.invoke("JoinConversation", "bad-input")
        with pytest.raises(HubException, match="65536"):
            await connection.invoke("SendMessage", "bad-input", chat_message(content="x" * 70_000))
        assert (await connection.invoke("SendMessage", "bad-input", chat_message()))["seq"] > 0


@pytest.mark.parametrize("conversation", ["never-joined", "", "x" * 300, "line\nbreak", 17, None])
async def test_unknown_or_malformed_conversation_is_refused(hub: LiveHub, conversation: object) -> None:
    """Nothing is written to a conversation that was not joined, and a bad id is called that."""
    async with HubConnection(hub.url + CHAT_HUB_PATH, access_token=hub.token("ada")) as connection:
        with pytest.raises(HubException, match=r"Unauthorized|conversation id|conversationId"):
            await connection.invoke("SendMessage", conversation, chat_message())
        assert await connection.invoke("RequestProviderStatus")


def forged(hub: LiveHub, *, key: bytes | None = None, algorithm: str | None = "HS256", **claims: Any) -> str:
    """A token like the hub's own, but for what is named."""
    now = int(time.time())
    body = {
        **{"sub": "ada", "name": "Ada", "aud": TOKEN_AUDIENCE, "iss": TOKEN_ISSUER, "jti": uuid.uuid4().hex},
        **{"iat": now, "nbf": now, "exp": now + 600},
        **claims,
    }
    body = {name: value for name, value in body.items() if value is not None}
    secret = load_or_create_secrets(hub.data_dir / "hub.key")[0]
    if algorithm is None:
        return jwt.encode(body, "", algorithm="none")
    return jwt.encode(body, key if key is not None else secret, algorithm=algorithm)


BAD_TOKENS: dict[str, Callable[[LiveHub], str | None]] = {
    "missing": lambda hub: None,
    "expired": lambda hub: forged(hub, exp=int(time.time()) - 60),
    "wrong audience": lambda hub: forged(hub, aud="another-service"),
    "audience list": lambda hub: forged(hub, aud=[TOKEN_AUDIENCE, "another-service"]),
    "wrong issuer": lambda hub: forged(hub, iss="somebody"),
    "wrong key": lambda hub: forged(hub, key=b"k" * 64),
    "wrong algorithm": lambda hub: forged(hub, algorithm="HS512", key=b"k" * 64),
    "own key, other algorithm": lambda hub: forged(
        hub, algorithm="HS384", key=load_or_create_secrets(hub.data_dir / "hub.key")[0] * 2
    ),
    "no algorithm": lambda hub: forged(hub, algorithm=None),
    "no subject": lambda hub: forged(hub, sub=None),
    "no expiry": lambda hub: forged(hub, exp=None),
    "not yet valid": lambda hub: forged(hub, nbf=int(time.time()) + 600),
    "garbage": lambda hub: "a.b.c",
}


@pytest.mark.parametrize("name", BAD_TOKENS)
async def test_bad_token_is_refused_while_others_go_on(hub: LiveHub, name: str) -> None:
    """Each broken token gets 401 and its text; a connected member notices nothing; no log holds a token."""
    good, bad = hub.token("bo"), BAD_TOKENS[name](hub)
    async with HubConnection(hub.url + CHAT_HUB_PATH, access_token=good) as member:
        await member.invoke("JoinConversation", "tokens")
        expected = ErrorText.AUTHENTICATION_REQUIRED if bad is None else ErrorText.INVALID_AUTHENTICATION
        stranger = HubConnection(hub.url + CHAT_HUB_PATH, access_token=bad, retry=None)
        with pytest.raises(AuthenticationError, match=expected):
            await stranger.start()
        assert (await member.invoke("SendMessage", "tokens", chat_message()))["seq"] > 0
    for token in filter(None, (good, bad)):
        assert token not in hub.log
        assert token.rsplit(".", 1)[-1] not in hub.log or name == "no algorithm" or len(token) < 10


async def test_query_token_is_redacted_from_the_log(hub: LiveHub) -> None:
    """Browsers can only send the token in the query: it works there, and no log line shows it."""
    token = hub.token("ada")
    address = hub.url.replace("http", "ws") + CHAT_HUB_PATH + f"?access_token={token}"
    async with websockets.connect(address) as socket:
        await socket.send('{"protocol":"json","version":1}\x1e')
        assert await socket.recv() == "{}\x1e"
    with pytest.raises(websockets.InvalidStatus):
        async with websockets.connect(address + "tampered"):
            raise AssertionError("a tampered token was let in")
    assert token not in hub.log
    assert token[: len(token) // 2] not in hub.log
