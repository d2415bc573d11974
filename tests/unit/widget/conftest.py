"""Chats without a network or a kernel: scripted hub connection, recorded comms, a stand-in browser part."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from conduit_widget.kernel.loop_thread import loop_thread, stop_loop_thread
from conduit_widget.widget import connections
from conduit_widget.widget.browser import front_end
from conduit_widget.widget.chat.chat import Chat
from tests.support.kernel.comm import CommLedger, recorded_comms
from tests.support.signalr.scripted_connection import ScriptedConnection, joining


class ScriptedHub(ScriptedConnection):
    """A hub that keeps a log, answers questions as the test says, and acts on the loop thread."""

    def __init__(self) -> None:
        super().__init__(
            JoinConversation=self._join,
            SendMessage=self._send,
            StopGeneration=self._stop,
            ResumeConversation=lambda *_: {"recovered": True, "seq": self.seq, "events": []},
        )
        self.seq = 0
        self.log: list[dict[str, Any]] = []
        self.questions: list[dict[str, Any]] = []
        self.stopped: list[str] = []

    def _join(self, conversation_id: str) -> dict[str, Any]:
        return joining(*self.log, conversation_id=conversation_id, seq=self.seq)

    def _send(self, conversation_id: str, message: dict[str, Any]) -> dict[str, Any]:
        author = {"userId": "me", "userName": "Me"}
        self.questions.append(message)
        self._commit("ReceiveMessage", conversation_id, {**message, "author": author})
        answer_id = f"answer to {message['id']}"
        self.answer_message(conversation_id, answer_id, message["id"], "", "streaming", new=True)
        return {
            "id": message["id"],
            "seq": self.seq - 1,
            "timestamp": "2026-01-01T00:00:00Z",
            "answerId": answer_id,
        }

    def _stop(self, message_id: str) -> None:
        self.stopped.append(message_id)

    def _commit(self, target: str, conversation_id: str, message: dict[str, Any]) -> None:
        self.seq += 1
        metadata = {"seq": self.seq, **message.get("metadata", {}), "conversationId": conversation_id}
        if target == "MessageUpdated":
            metadata["eventSeq"] = self.seq
        payload = {**message, "metadata": metadata}
        self.log = [each for each in self.log if each["id"] != message["id"]] + [payload]
        asyncio.get_running_loop().call_soon(self.emit, target, payload)

    def answer_message(
        self,
        conversation: str,
        id_: str,
        parent: str,
        text: str,
        status: str,
        *,
        new: bool = False,
        **more: Any,
    ) -> None:
        """Commit a version of an answer. On the loop thread."""
        place = {} if new else {"seq": next(m["metadata"]["seq"] for m in self.log if m["id"] == id_)}
        metadata = {"status": status, "model": "smol", **place, **more.pop("metadata", {})}
        message = {
            "id": id_,
            "role": "assistant",
            "content": text,
            "parentId": parent,
            "metadata": metadata,
            **more,
        }
        self._commit("ReceiveMessage" if new else "MessageUpdated", conversation, message)

    def act(self, function: Callable[..., object], *args: Any) -> None:
        """Do something on the loop thread, as a real connection would."""
        loop_thread().call(function, *args)

    def stream(self, *pieces: str, start: int = 0, conversation: str = "c") -> None:
        """Send pieces of the newest question's answer."""
        answer_id = f"answer to {self.questions[-1]['id']}"
        offset = start
        for piece in pieces:
            metadata = {"messageId": answer_id, "seq": 2, "index": 0, "count": 1, "offset": offset}
            self.act(self.emit, "StreamToken", conversation, piece, metadata)
            offset += len(piece)

    def finish(self, text: str, status: str = "complete", conversation: str = "c", **more: Any) -> None:
        """Commit the newest question's final answer."""
        question = self.questions[-1]["id"]

        def commit() -> None:
            self.answer_message(conversation, f"answer to {question}", question, text, status, **more)

        self.act(commit)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> ScriptedHub:
    """The hub every chat of the test reaches."""
    scripted = ScriptedHub()
    monkeypatch.setattr(connections, "connect", lambda _access: scripted)
    return scripted


@pytest.fixture
def built_front_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Browser parts to send, whether or not the real ones are built; the chat's is returned."""
    for name in ("connection-health", "presence", "provider-status"):
        (tmp_path / f"{name}.js").write_text("export default {};")
    module = tmp_path / "chat.js"
    module.write_text("export default {};")
    monkeypatch.setattr(front_end, "STATIC", module.parent)
    return module


@pytest.fixture
def comms(monkeypatch: pytest.MonkeyPatch, built_front_end: Path) -> Iterator[CommLedger]:
    """Recorded comms; the test fails if one leaks."""
    with recorded_comms(monkeypatch) as ledger:
        yield ledger
    stop_loop_thread()


@pytest.fixture
def chat(hub: ScriptedHub, comms: CommLedger) -> Iterator[Chat]:
    """A live chat; closed afterwards, and nothing of it may remain."""
    opened = Chat("c", user="me", hub_url="http://scripted", token="SECRET-TOKEN")
    opened.wait_connected(30)
    yield opened
    opened.close()
    assert hub.listeners() == 0
    assert hub.stops == hub.starts
