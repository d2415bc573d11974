"""Who is in a conversation: live while somebody looks, over the chats' own connection and conversation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from conduit_widget.access.hub_access import HubAccess, Identity
from conduit_widget.errors import ConnectionLostError, ValidationError
from conduit_widget.widget.browser import views
from conduit_widget.widget.chat.chat import Chat
from conduit_widget.widget.status.connection_widget import ConnectionWatch
from conduit_widget.widget.status.presence import Presence
from tests.support.kernel.comm import CommLedger
from tests.support.waiting import eventually_sync
from tests.unit.widget.conftest import ScriptedHub

ME = {"userId": "me", "userName": "Me", "initials": "M", "color": "#336699"}
BO = {"userId": "bo", "userName": "<b>Bo</b>", "initials": "B", "color": "#993355"}


@pytest.fixture
def presence(hub: ScriptedHub, comms: CommLedger) -> Iterator[Presence]:
    """A view of a live conversation; nothing of it may remain."""
    opened = Presence("c", user="me", hub_url="http://scripted", token="SECRET-TOKEN")
    eventually_sync(lambda: "nobody is here" in repr(opened))
    yield opened
    opened.close()
    assert hub.listeners() == 0
    assert hub.stops == hub.starts


def newest(comms: CommLedger) -> dict[str, Any]:
    """The state of the newest snapshot that was sent to the view."""
    states = [each["state"] for each in comms.view.custom if each["kind"] == "snapshot"]
    state: dict[str, Any] = states[-1] if states else {"participants": [], "connection": {"state": ""}}
    return state


def test_view_follows_who_comes_types_and_goes(
    presence: Presence, hub: ScriptedHub, comms: CommLedger
) -> None:
    """Each change reaches the view by itself; the text and the prompt say the same."""
    comms.view.receive({"kind": "hello", "n": 0})
    hub.act(hub.emit, "PresenceUpdate", "c", [ME, BO])
    eventually_sync(lambda: len(newest(comms)["participants"]) == 2)
    assert (newest(comms)["conversationId"], newest(comms)["selfId"]) == ("c", "me")
    hub.act(hub.emit, "TypingUpdate", "c", ["bo"])
    eventually_sync(lambda: newest(comms)["participants"][1]["typing"])
    assert [person.user_id for person in presence.participants] == ["me", "bo"]
    assert repr(presence) == "c: 2 here: Me (you), <b>Bo</b> (typing)"
    shown = presence._repr_mimebundle_()
    assert shown is not None
    assert shown[0]["text/html"] == "<p>c: 2 here: Me (you), &lt;b&gt;Bo&lt;/b&gt; (typing)</p>"
    assert shown[0]["text/plain"] == repr(presence)
    assert "SECRET" not in str(shown)
    hub.act(hub.emit, "TypingUpdate", "c", [])
    hub.act(hub.emit, "PresenceUpdate", "c", [ME])
    eventually_sync(lambda: len(newest(comms)["participants"]) == 1)
    assert repr(presence) == "c: 1 here: Me (you)"


def test_view_hears_of_a_cut_and_tries_at_once_when_asked(
    presence: Presence, hub: ScriptedHub, comms: CommLedger
) -> None:
    """While it waits the view has the moment and the reason, and its button ends the wait."""
    comms.view.receive({"kind": "hello", "n": 0})
    hub.act(hub.lose, ConnectionLostError("The hub is gone."))
    hub.act(hub.schedule_retry, 1, 4.0, ConnectionLostError("The hub is gone."))
    eventually_sync(lambda: newest(comms)["connection"].get("retryAt"))
    assert newest(comms)["connection"]["message"] == "The hub is gone."
    assert repr(presence) == "c: reconnecting (The hub is gone)"
    comms.view.receive({"kind": "retry"})
    eventually_sync(lambda: hub.retries >= 1)
    hub.act(hub.restore)
    eventually_sync(lambda: newest(comms)["connection"]["state"] == "live")


def test_conversation_is_the_chats_own(hub: ScriptedHub, comms: CommLedger) -> None:
    """Beside a chat it costs no further connection and no further join, and leaves the chat in."""
    chat = Chat("c", user="me", hub_url="http://scripted", token="t")
    chat.wait_connected(30)
    presence = Presence("c", user="me", hub_url="http://scripted", token="t")
    eventually_sync(lambda: "nobody is here" in repr(presence))
    assert (hub.starts, hub.count("JoinConversation")) == (1, 1)
    presence.close()
    assert (hub.stops, hub.count("LeaveConversation")) == (0, 0)
    assert repr(presence) == "Presence('c') (closed)"
    chat.close()
    assert hub.stops == 1


def test_nobody_looking_leaves_the_conversation(
    presence: Presence, hub: ScriptedHub, comms: CommLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who does not look is not there: the others see it, and the next view enters again."""
    monkeypatch.setattr(views, "ABSENCE", 0.05)
    comms.view.receive({"kind": "hello", "n": 0})
    comms.view.receive({"kind": "bye"})
    eventually_sync(lambda: hub.stops == 1)
    assert hub.count("LeaveConversation") == 1
    comms.view.receive({"kind": "hello", "n": 0})
    eventually_sync(lambda: hub.count("JoinConversation") == 2)


@pytest.mark.parametrize("wrong", ["", "x" * 129, 7])
def test_what_is_no_conversation_is_named(comms: CommLedger, wrong: Any) -> None:
    """A mistake is a line at the prompt, and nothing is opened."""
    with pytest.raises(ValidationError, match=r"^conversation_id: must be text of 1 to 128 characters"):
        Presence(wrong, hub_url="http://scripted", token="t")


def test_who_one_is_is_told_as_to_a_chat(
    hub: ScriptedHub, comms: CommLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same person as in a chat beside it: one participant, one connection."""
    seen: list[Identity] = []
    watching = Presence._watching

    def note(self: Presence, access: HubAccess) -> ConnectionWatch:
        seen.append(access.identity)
        return watching(self, access)

    monkeypatch.setattr(Presence, "_watching", note)
    Presence("c", user="ada", user_name="Ada", hub_url="http://scripted", token="t").close()
    assert seen == [Identity("ada", "Ada")]
