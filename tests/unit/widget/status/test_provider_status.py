"""The view of the providers, live over the chats' own connection; and ``chat.providers`` at the prompt."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from conduit_widget.errors import ProviderError, ValidationError
from conduit_widget.widget.browser import views
from conduit_widget.widget.chat.chat import Chat
from conduit_widget.widget.status.provider_status import ProviderStatus
from tests.support.kernel.comm import CommLedger
from tests.support.waiting import eventually_sync
from tests.unit.widget.conftest import ScriptedHub

LOCAL = {"provider": "local", "state": "healthy", "models": ["smol"], "latency": {"ttftP50": 410.0}}


@pytest.fixture
def statuses(hub: ScriptedHub) -> list[dict[str, Any]]:
    """What the hub says of its providers."""
    told = [LOCAL]
    hub.answers["RequestProviderStatus"] = lambda: told
    return told


@pytest.fixture
def board(hub: ScriptedHub, comms: CommLedger, statuses: list[dict[str, Any]]) -> Iterator[ProviderStatus]:
    """A live view; nothing of it may remain."""
    opened = ProviderStatus(user="me", hub_url="http://scripted", token="SECRET-TOKEN")
    eventually_sync(lambda: opened.providers)
    yield opened
    opened.close()
    assert hub.listeners() == 0
    assert hub.stops == hub.starts


def newest(comms: CommLedger) -> dict[str, Any]:
    """The state of the newest snapshot that was sent to the view."""
    states = [each["state"] for each in comms.view.custom if each["kind"] == "snapshot"]
    state: dict[str, Any] = states[-1] if states else {"providers": [], "failovers": [], "connection": {}}
    return state


def test_view_follows_what_the_hub_tells(board: ProviderStatus, hub: ScriptedHub, comms: CommLedger) -> None:
    """A state that changes and a failover arrive by themselves; the text is the same table."""
    comms.view.receive({"kind": "hello", "n": 0})
    eventually_sync(lambda: newest(comms)["providers"])
    assert newest(comms)["providers"][0]["latencies"] == [410.0]
    hub.act(hub.emit, "ProviderStatusUpdate", "local", {**LOCAL, "state": "down", "breaker": "open"})
    eventually_sync(lambda: newest(comms)["providers"][0]["status"]["breaker"] == "open")
    hub.act(hub.emit, "ProviderFailover", {"id": "f", "from": {"provider": "local"}, "to": None})
    eventually_sync(lambda: newest(comms)["failovers"])
    assert "local     not reachable  open" in repr(board)
    shown = board._repr_mimebundle_()
    assert shown is not None
    assert shown[0]["text/html"].startswith("<table")
    assert "SECRET" not in str(shown)


def test_nobody_looking_costs_nothing(
    board: ProviderStatus, hub: ScriptedHub, comms: CommLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the last view has gone the connection is given back; the next view has it again."""
    monkeypatch.setattr(views, "ABSENCE", 0.05)
    comms.view.receive({"kind": "hello", "n": 0})
    comms.view.receive({"kind": "bye"})
    eventually_sync(lambda: hub.stops == 1)
    comms.view.receive({"kind": "hello", "n": 0})
    eventually_sync(lambda: hub.starts == 2)
    eventually_sync(lambda: newest(comms)["connection"].get("state") == "live")


def test_chat_lists_the_providers_of_now(
    chat: Chat, hub: ScriptedHub, statuses: list[dict[str, Any]]
) -> None:
    """They are asked for at each reading, so a provider that came a moment ago is there."""
    assert [each.provider for each in chat.providers] == ["local"]
    statuses.append({"provider": "openai", "state": "rate_limited"})
    assert [each.state for each in chat.providers] == ["healthy", "rate_limited"]


def test_a_provider_that_is_not_there_is_refused_with_the_list(
    chat: Chat, hub: ScriptedHub, statuses: list[dict[str, Any]]
) -> None:
    """One line, before anything is sent; one that came meanwhile is found."""
    with pytest.raises(ValidationError, match=r"^provider: is none of this hub's. It has: local\.$"):
        chat.ask("Hi", provider="opnai").result(30)
    assert hub.questions == []
    statuses.append({"provider": "openai", "state": "healthy"})
    chat.send("Hi", provider="openai", model="gpt").result(30)
    assert hub.questions[0]["metadata"] == {"provider": "openai", "model": "gpt"}


def test_a_model_that_is_not_there_fails_with_the_list(
    chat: Chat, hub: ScriptedHub, statuses: list[dict[str, Any]]
) -> None:
    """The provider refuses it; the error names the models there are."""
    assert chat.providers
    asked = chat.ask("Hi", model="smal")
    eventually_sync(lambda: hub.questions)
    error = {"type": "model_not_found", "recoverable": False, "message": "There is no model 'smal'."}
    hub.finish("", "error", error=error)
    with pytest.raises(ProviderError, match=r"no model 'smal'\. There are local: smol\.$"):
        asked.result(30)
