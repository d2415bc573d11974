"""What people write is kept and sent as they wrote it: escaping and isolating is the reader's business."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from conduit_widget.contract import ChatEvent, ChatMethod
from tests.support.chat.server import FAST, chat_server

QUIET = dataclasses.replace(FAST, assistant="off")
RAW = [
    "<script>alert(1)</script><img src=x onerror=alert(1)> &lt;b&gt; &amp;amp;",
    "abc \u202egnp.exe\u202c \u2066isolate\u2069 \u200fmark\u200e",
    "\x1b[31mred\x1b[0m \x07 \x85 \x9b \u2028 \u2029 \u200b \ufeff",
    "e\u0301 \u00e9 \U0001f468\u200d\U0001f469\u200d\U0001f467 \u05d3\u05e0\u05d4 \ufdd0",
    "line\r\nline\rline\n\t\x1e\x1fend",
]


async def test_content_is_the_same_in_event_snapshot_and_history(tmp_path: Path) -> None:
    """Markup, turned and invisible characters, controls, the wire's own separators: nothing is changed."""
    async with (
        chat_server(tmp_path / "h.db", settings=QUIET) as server,
        server.person("ann") as ann,
        server.person("bob") as bob,
    ):
        await ann.join()
        await bob.join()
        for text in RAW:
            await ann.send(text)
        events = [message["content"] for (message,) in await bob.got(ChatEvent.RECEIVE_MESSAGE, len(RAW))]
        history = await bob.invoke(ChatMethod.GET_HISTORY, "c", 100, 50)
        async with server.person("cem") as cem:
            snapshot = await cem.join()
        assert events == RAW
        assert [message["content"] for message in history["messages"]] == RAW
        assert [message["content"] for message in snapshot["messages"]] == RAW
