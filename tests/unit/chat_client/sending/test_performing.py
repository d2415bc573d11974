"""What waits, done at the hub."""

from __future__ import annotations

from typing import cast

import pytest

from conduit_widget.chat_client.hub_proxies import ChatHubClient
from conduit_widget.chat_client.offline.entries import QueuedEntry
from conduit_widget.chat_client.sending import performing
from conduit_widget.chat_client.sending.performing import perform
from conduit_widget.contract import ErrorText
from conduit_widget.errors import HubException

UNSURE = QueuedEntry(id="m", kind="delete", message_id="m", unsure=True)


class SlowHub:
    """A hub that is storing a message: it can be deleted from the ``stored_at``-th question on."""

    def __init__(self, stored_at: int, then: Exception | None = None) -> None:
        self.asked = 0
        self.deleted = False
        self._stored_at = stored_at
        self._then = then

    async def delete_message(self, message_id: str) -> None:
        assert message_id == "m"
        self.asked += 1
        if self.asked < self._stored_at:
            raise HubException(ErrorText.UNAUTHORIZED)
        if self._then is not None:
            raise self._then
        self.deleted = True


async def delete(hub: SlowHub) -> None:
    """Have a message deleted that may have arrived."""
    await perform(cast("ChatHubClient", hub), "team", UNSURE)


@pytest.fixture(autouse=True)
def no_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hub here is as far as it was asked."""
    monkeypatch.setattr(performing, "LATE", 0)


async def test_message_that_arrives_late_is_deleted_all_the_same() -> None:
    """The connection before brought it, and the hub stored it after it was first asked to delete it."""
    hub = SlowHub(stored_at=2)
    await delete(hub)
    assert hub.deleted


async def test_message_that_never_arrived_is_done_with() -> None:
    """There is nothing to delete."""
    hub = SlowHub(stored_at=99)
    await delete(hub)
    assert (hub.asked, hub.deleted) == (2, False)


async def test_refusal_of_what_arrived_late_is_told() -> None:
    """Somebody wants to know why it is still there."""
    with pytest.raises(HubException, match="Rate limit"):
        await delete(SlowHub(stored_at=2, then=HubException("Rate limit exceeded.")))
