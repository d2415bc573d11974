"""Lazy parts of a view: sent as they were built, by their names only."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from conduit_widget.errors import ValidationError
from conduit_widget.widget.browser import front_end
from conduit_widget.widget.browser.chunks import SLICE, read_chunk
from conduit_widget.widget.chat.chat import Chat
from tests.support.kernel.comm import CommLedger
from tests.support.waiting import eventually_sync


@pytest.fixture
def static(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder of built files, with one chunk, beside a file that is nobody's business."""
    folder = tmp_path / "static"
    folder.mkdir()
    (folder / "code.chunk.gz").write_bytes(b"\x1f\x8bcode")
    (folder / "chat.js").write_text("main", encoding="utf-8")
    (tmp_path / "secret.chunk.gz").write_bytes(b"secret")
    monkeypatch.setattr(front_end, "STATIC", folder)
    return folder


def test_a_chunk_is_read_as_it_was_built_and_anew_after_a_build(static: Path) -> None:
    """Who rebuilds gets the new chunk, as the new main part."""
    assert read_chunk("code") == b"\x1f\x8bcode"
    (static / "code.chunk.gz").write_bytes(b"new")
    os.utime(static / "code.chunk.gz", ns=(0, 1))
    assert read_chunk("code") == b"new"


@pytest.mark.parametrize(
    "name", ["", "chat", "chat.js", "../secret", "*", "cod?", "code.chunk.gz", "./code", "/etc/passwd", "\0"]
)
def test_only_what_was_built_as_a_chunk_is_sent(static: Path, name: str) -> None:
    """No name leads to another file."""
    with pytest.raises(ValidationError, match="is not one that this version has"):
        read_chunk(name)


def test_view_gets_a_chunk_beside_the_reply(chat: Chat, comms: CommLedger, built_front_end: Path) -> None:
    """The bytes travel as they are, not as text; a name that is none is refused in words."""
    content = bytes(range(256))
    (built_front_end.parent / "code.chunk.gz").write_bytes(content)
    comms.view.receive({"kind": "chunk", "requestId": "r", "name": "code", "from": 0})
    reply, buffers = eventually_sync(lambda: _reply(comms, "r"))
    assert reply == {"kind": "reply", "requestId": "r", "ok": True, "result": 256}
    assert buffers == [content]
    comms.view.receive({"kind": "chunk", "requestId": "s", "name": "nothing", "from": 0})
    refusal, buffers = eventually_sync(lambda: _reply(comms, "s"))
    assert (refusal["ok"], refusal["error"]["code"], buffers) == (False, "invalid", [])


def test_a_large_chunk_travels_in_slices(chat: Chat, comms: CommLedger, built_front_end: Path) -> None:
    """Each is asked for by its place, so that tokens go between them; beyond the end there is nothing."""
    content = bytes(range(256)) * 600
    (built_front_end.parent / "code.chunk.gz").write_bytes(content)
    sent = b""
    while len(sent) < len(content):
        name = f"r{len(sent)}"
        comms.view.receive({"kind": "chunk", "requestId": name, "name": "code", "from": len(sent)})
        reply, [piece] = eventually_sync(lambda name=name: _reply(comms, name))  # type: ignore[misc]
        assert reply["result"] == len(content)
        assert 0 < len(piece) <= SLICE
        sent += piece
    assert sent == content
    for place in (len(content), -1):
        comms.view.receive({"kind": "chunk", "requestId": f"x{place}", "name": "code", "from": place})
        refusal, _ = eventually_sync(lambda place=place: _reply(comms, f"x{place}"))  # type: ignore[misc]
        assert "try again" in str(refusal["error"])


def _reply(comms: CommLedger, request_id: str) -> tuple[dict[str, object], list[bytes]] | None:
    for (_, data, _), buffers in zip(list(comms.view.sent), list(comms.view.buffers), strict=False):
        content = data.get("content", {})
        if content.get("requestId") == request_id:
            return content, buffers
    return None
