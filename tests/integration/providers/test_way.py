"""The way to a provider: keys, proxies and certificates that cannot work are named, for every adapter."""

from __future__ import annotations

import asyncio
import logging
import traceback
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from conduit_widget.errors import ProviderError
from conduit_widget.providers.anthropic.adapter import AnthropicMessages
from conduit_widget.providers.http_api.http_provider import HttpProvider
from conduit_widget.providers.keys import Secret
from conduit_widget.providers.openai.adapter import OpenAICompatible
from conduit_widget.providers.provider import GenerationRequest, PromptMessage
from tests.support.network.ports import free_port
from tests.support.network.raw_http_server import RawHttpServer, RawReply, RawRequest
from tests.support.network.self_signed import self_signed

KEY = "sk-do-not-show-this-anywhere"
VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")
REQUEST = GenerationRequest(messages=[PromptMessage("user", "?")])


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is set in the environment."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture(params=[OpenAICompatible, AnthropicMessages])
def kind(request: pytest.FixtureRequest) -> type[HttpProvider]:
    """Each adapter."""
    found: type[HttpProvider] = request.param
    return found


async def text_of(kind: type[Any], url: str, key: str = KEY) -> str:
    """Ask; return the text of the answer."""
    provider: HttpProvider = kind("acme", url, api_key=Secret(key), key_variable="ACME_KEY", model="m")
    try:
        async with aclosing(provider.generate(REQUEST)) as chunks:
            return "".join([chunk.text async for chunk in chunks])
    finally:
        await provider.aclose()


async def line_of(kind: type[Any], url: str, caplog: pytest.LogCaptureFixture, key: str = KEY) -> str:
    """Ask in vain; return the line that says why, which tells no secret, nor do log and traceback."""
    caplog.set_level(logging.DEBUG)
    with pytest.raises(ProviderError) as caught:
        await text_of(kind, url, key)
    told = "".join(traceback.format_exception(caught.value)) + caplog.text + repr(caught.value.suggestions)
    assert key not in told
    assert KEY not in told
    assert "hunter2" not in told
    assert caught.value.suggestions
    line = str(caught.value)
    assert "\n" not in line
    return line


@pytest.mark.parametrize("key", [f"{KEY}\u2013", f"{KEY} x", f"{KEY}\r\nX: y", f"\u201c{KEY}", f"{KEY}\x00"])
async def test_key_that_no_header_takes(
    kind: type[HttpProvider], key: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The variable is named, and what to do; nothing is sent."""

    async def never(_request: RawRequest, _reply: RawReply) -> None:
        raise AssertionError("nothing may be sent")

    async with RawHttpServer(never) as server:
        line = await line_of(kind, server.base_url, caplog, key)
        assert server.requests == []
    assert "ACME_KEY" in line
    assert "Copy it again" in line


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
@pytest.mark.parametrize(
    "value",
    [
        "http://me:hunter2@127.0.0.1:{port}",
        "socks4://127.0.0.1:1",
        "http://",
        "http://me:hunter2@[::1",
        "ftp://x",
    ],
)
async def test_proxy_that_cannot_work(
    kind: type[HttpProvider],
    variable: str,
    value: str,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The variable is named as it is written, and what to do about it; a host in NO_PROXY needs no proxy."""
    monkeypatch.setenv(variable, value.format(port=free_port()))
    line = await line_of(kind, "https://api.example/v1", caplog)
    assert variable in line
    assert "unset" in line
    monkeypatch.setenv("NO_PROXY", "other.example, 127.0.0.0/8,api.example")
    assert variable not in await line_of(kind, f"https://127.0.0.9:{free_port()}/v1", caplog)


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
async def test_certificates_that_are_not_there(
    kind: type[HttpProvider],
    variable: str,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The variable is named before anything is asked, and only where there is TLS."""
    monkeypatch.setenv(variable, str(tmp_path / "gone"))
    line = await line_of(kind, f"https://127.0.0.1:{free_port()}/v1", caplog)
    assert variable in line
    assert "unset" in line
    assert variable not in await line_of(kind, f"http://127.0.0.1:{free_port()}/v1", caplog)


async def test_certificates_that_are_none(
    kind: type[HttpProvider],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A file that holds something else is no file of certificates."""
    (tmp_path / "ca.pem").write_text("my notes")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    line = await line_of(kind, f"https://127.0.0.1:{free_port()}/v1", caplog)
    assert "SSL_CERT_FILE" in line


async def test_certificate_that_nobody_here_trusts(
    kind: type[HttpProvider],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A real server with a CA of its own: what to set is said; set, it answers."""
    context, _ = await asyncio.to_thread(self_signed, tmp_path)

    async def answers(request: RawRequest, reply: RawReply) -> None:
        await reply.start_stream()
        if request.path.endswith("/messages"):
            await reply.event({"type": "content_block_delta", "delta": {"type": "text_delta", "text": "Hi"}})
            await reply.event({"type": "message_stop"})
        else:
            await reply.delta("Hi", finish_reason="stop")

    async with RawHttpServer(answers, tls=context) as server:
        url = f"https://127.0.0.1:{server.port}/v1"
        line = await line_of(kind, url, caplog)
        assert "SSL_CERT_FILE" in line
        assert "not trusted" in line
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "both.pem"))
        assert await text_of(kind, url) == "Hi"
