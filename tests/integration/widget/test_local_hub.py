"""The local hub as a widget finds, starts and revives it: real processes, a real data directory."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from conduit_widget.access import local_hub
from conduit_widget.kernel.loop_thread import stop_loop_thread
from conduit_widget.runtime_file import read_runtime
from conduit_widget.widget.browser import front_end
from conduit_widget.widget.chat.chat import Chat
from tests.support.hub.local_process import kill_hub, stop_hub
from tests.support.kernel.comm import CommLedger, recorded_comms
from tests.support.waiting import eventually_sync

pytestmark = pytest.mark.timeout(400)


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data directory of its own; whatever hub serves it ends with the test."""
    for name in ("CONDUIT_HUB_URL", "CONDUIT_HUB_TOKEN", "CONDUIT_USER", "CONDUIT_USER_NAME"):
        monkeypatch.delenv(name, raising=False)
    directory = tmp_path / "data"
    monkeypatch.setenv("CONDUIT_DATA_DIR", str(directory))
    yield directory
    runtime = read_runtime(directory)
    if runtime is not None:
        stop_hub(runtime.pid)
    for child in local_hub._children:
        child.wait(60)
    local_hub._reap()


@pytest.fixture
def comms(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, data_dir: Path) -> Iterator[CommLedger]:
    """Recorded comms and a stand-in browser part."""
    module = tmp_path / "chat.js"
    module.write_text("export default {};")
    monkeypatch.setattr(front_end, "STATIC", module.parent)
    with recorded_comms(monkeypatch) as ledger:
        yield ledger
    stop_loop_thread()


def running_hub(data_dir: Path) -> int:
    """The pid of the hub that answers now."""
    runtime = eventually_sync(lambda: local_hub.find(data_dir), what="the hub answers")
    return int(runtime.pid)


def texts(chat: Chat) -> list[str]:
    """What a chat holds."""
    return [message.text for message in chat.messages]


def test_first_chat_starts_the_hub_and_the_next_one_shares_it(data_dir: Path, comms: CommLedger) -> None:
    """Nobody configures anything: one hub per OS user, found by everybody, identities apart."""
    first = Chat("team")
    first.wait_connected(30)
    pid = running_hub(data_dir)
    second = Chat("team", user="bob", user_name="Bob")
    second.wait_connected(30)
    assert running_hub(data_dir) == pid
    first.send("hello", respond=False).result(30)
    eventually_sync(lambda: texts(second) == ["hello"])
    names = {person.user_name for person in second.participants}
    assert "Bob" in names
    assert len(names) == 2
    first.close()
    second.close()


def test_killed_hub_is_revived_and_nothing_acknowledged_is_lost_or_doubled(
    data_dir: Path, comms: CommLedger
) -> None:
    """SIGKILL in mid-conversation: the chat says so, starts the hub again, sends what waited, once each."""
    chat = Chat("team")
    chat.wait_connected(30)
    comms.view.receive({"kind": "hello", "n": 0})
    for number in range(5):
        chat.send(f"before {number}", respond=False).result(30)
    for round_ in range(2):
        pid = running_hub(data_dir)
        kill_hub(pid)
        eventually_sync(lambda: chat.connection.state == "reconnecting")
        waiting = [chat.send(f"during {round_}.{number}", respond=False) for number in range(3)]
        for pending in waiting:
            pending.result(60)
        chat.wait_connected(30)
        assert running_hub(data_dir) != pid
    expected = [f"before {n}" for n in range(5)] + [f"during {r}.{n}" for r in range(2) for n in range(3)]
    eventually_sync(lambda: texts(chat) == expected)
    newcomer = Chat("team", user="bob")
    newcomer.wait_connected(30)
    assert texts(newcomer) == expected
    states = [
        op["connection"]["state"]
        for packet in comms.of("AnyModel")[0].custom
        for op in packet.get("ops", ())
        if op["op"] == "connection"
    ]
    assert "reconnecting" in states
    assert states[-1] == "live"
    chat.close()
    newcomer.close()


def test_no_token_or_key_is_in_state_comm_or_hub_log(data_dir: Path, comms: CommLedger) -> None:
    """Neither the mint key nor a token leaves for the notebook or a log."""
    chat = Chat("team")
    chat.wait_connected(30)
    runtime = read_runtime(data_dir)
    assert runtime is not None
    chat.send("hello", respond=False).result(30)
    eventually_sync(lambda: texts(chat) == ["hello"])
    bundle, _ = chat._repr_mimebundle_() or ({}, {})
    minted = local_hub.mint(runtime, "someone", "Someone").access_token
    header = minted.split(".")[0]  # every token of this hub begins with it
    seen = repr([comms.view.sent, bundle, repr(chat)]) + (data_dir / "hub.log").read_text()
    assert runtime.mint_key not in seen
    assert header not in seen
    chat.close()


def test_hub_that_cannot_start_shows_why_in_the_chat(
    data_dir: Path, comms: CommLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection line carries the reason, and a later attempt succeeds by itself."""
    monkeypatch.setattr(
        local_hub, "serve_command", lambda _: ["/bin/sh", "-c", "echo disk is full >&2; exit 3"]
    )
    chat = Chat("team")
    shown = eventually_sync(lambda: chat.connection.message)
    assert "code 3: disk is full" in shown
    assert chat.connection.state == "connecting"
    assert chat.connection.attempt >= 1
    monkeypatch.undo()
    monkeypatch.setenv("CONDUIT_DATA_DIR", str(data_dir))

    def connected() -> bool:
        comms.view.receive({"kind": "retry"})
        return chat.connection.state == "live"

    eventually_sync(connected, within=90)
    chat.close()


async def test_wait_in_a_cells_loop_leaves_the_background_alive(data_dir: Path, comms: CommLedger) -> None:
    """Awaiting in the notebook's own loop and blocking in another thread reach the same hub."""
    chat = Chat("team")
    await asyncio.to_thread(chat.wait_connected, 30)
    receipt = await chat.send("hello", respond=False)
    assert receipt.seq == 1
    await asyncio.to_thread(chat.close)
