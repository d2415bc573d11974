"""A comm double: records what a widget sends, plays the view, and asserts that nothing leaks."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import comm
import pytest
from comm.base_comm import BaseComm
from ipywidgets.widgets import widget as ipywidgets_widget  # type: ignore[import-untyped]  # no stubs

from tests.support.kernel.comm_messages import in_full


class RecordingComm(BaseComm):
    """One comm; ``sent`` holds (message type, data, sending thread) in order."""

    def __init__(self, ledger: CommLedger, **keywords: Any) -> None:
        self.sent: list[tuple[str, dict[str, Any], str]] = []
        self.buffers: list[list[bytes]] = []
        self._ledger = ledger
        super().__init__(**keywords)

    def publish_msg(
        self,
        msg_type: str,
        data: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
        buffers: list[bytes] | None = None,
        **_: Any,
    ) -> None:
        self.sent.append((msg_type, data or {}, threading.current_thread().name))
        self.buffers.append(buffers or [])

    @property
    def is_closed(self) -> bool:
        """Whether comm_close was sent."""
        return any(kind == "comm_close" for kind, _, _ in self.sent)

    @property
    def custom(self) -> list[dict[str, Any]]:
        """Custom messages to the view, oldest first."""
        return in_full(data["content"] for _, data, _ in list(self.sent) if data.get("method") == "custom")

    @property
    def opened_with(self) -> dict[str, Any]:
        """The synced state of the comm_open."""
        state: dict[str, Any] = self.sent[0][1]["state"]
        return state

    def receive(self, content: dict[str, Any]) -> None:
        """The view sends a custom message."""
        data = {"method": "custom", "content": content}
        self.handle_msg({"content": {"data": data, "comm_id": self.comm_id}, "buffers": []})

    def after_close(self) -> list[str]:
        """Message types sent after comm_close; must be empty."""
        kinds = [kind for kind, _, _ in self.sent]
        return kinds[kinds.index("comm_close") + 1 :] if self.is_closed else []


class CommLedger:
    """Every comm that was opened while it was installed."""

    def __init__(self) -> None:
        self.comms: list[RecordingComm] = []

    def create(self, **keywords: Any) -> RecordingComm:
        """Stand where ``comm.create_comm`` stands."""
        created = RecordingComm(self, **keywords)
        self.comms.append(created)
        return created

    def of(self, model_name: str) -> list[RecordingComm]:
        """Comms of one kind of model."""
        return [each for each in self.comms if each.opened_with.get("_model_name") == model_name]

    @property
    def view(self) -> RecordingComm:
        """The one anywidget comm of the test."""
        (only,) = self.of("AnyModel")
        return only

    def assert_no_leaks(self) -> None:
        """Every comm was closed, is registered nowhere, and sent nothing afterwards."""
        registered = comm.get_comm_manager().comms
        for each in self.comms:
            name = each.opened_with.get("_model_name")
            assert each.is_closed, f"a {name} comm was left open"
            assert each.comm_id not in registered, f"a {name} comm is still registered"
            assert each.comm_id not in ipywidgets_widget._instances, f"a {name} widget is still held"
            assert each.after_close() == [], f"a {name} comm was used after its end"


@contextmanager
def recorded_comms(monkeypatch: pytest.MonkeyPatch) -> Iterator[CommLedger]:
    """Record every comm; on leaving, assert that none leaked."""
    ledger = CommLedger()
    monkeypatch.setattr(comm, "create_comm", ledger.create)
    yield ledger
    ledger.assert_no_leaks()
