"""What a user may do in a conversation: checked at every method, remembered for a moment."""

from __future__ import annotations

import time
from collections.abc import Callable, Container
from typing import Final

from conduit_widget.chat.history.store import ConversationRecord, HistoryStore
from conduit_widget.contract import ErrorText
from conduit_widget.errors import HubException
from conduit_widget.types import MemberRole

MAX_REMEMBERED: Final = 4096
WRITERS: Final[frozenset[MemberRole]] = frozenset({"owner", "member"})
READERS: Final[frozenset[MemberRole]] = WRITERS | {"reader"}


class Access:
    """The roles in one conversation. In an open one, everybody whom the hub let in is at least a member.

    A role is remembered for ``ttl`` seconds only, so that membership lost on another node takes effect soon.
    """

    def __init__(
        self,
        record: ConversationRecord,
        store: HistoryStore,
        *,
        ttl: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._record = record
        self._store = store
        self._ttl = ttl
        self._clock = clock
        self._known: dict[str, tuple[MemberRole | None, float]] = {}
        self._changes = 0

    @property
    def is_open(self) -> bool:
        """Whether everybody whom the hub authenticates may take part."""
        return self._record.visibility == "open"

    @property
    def changes(self) -> int:
        """The number of role changes so far: a role read before a change may be wrong after it."""
        return self._changes

    async def role(self, user_id: str) -> MemberRole | None:
        """Return the user's role; None if they may not even read."""
        now, changes = self._clock(), self._changes
        known = self._known.get(user_id)
        if known is not None and known[1] > now:
            return known[0]
        role = await self._store.role(self._record.id, user_id)
        if role is None and self.is_open:
            role = "member"
        if changes != self._changes:
            return role  # a role changed meanwhile, perhaps this one: not to be remembered
        if len(self._known) >= MAX_REMEMBERED:
            self._known.clear()
        self._known[user_id] = (role, now + self._ttl)
        return role

    def remembers(self, user_id: str, roles: Container[MemberRole | None]) -> bool:
        """Whether the user is remembered to have one of these roles; if not, ask. Every message needs it."""
        known = self._known.get(user_id)
        return known is not None and known[0] in roles and known[1] > self._clock()

    def forget(self, user_id: str) -> None:
        """Ask the store next time, because the user's role changed."""
        self._changes += 1
        self._known.pop(user_id, None)

    async def require_reader(self, user_id: str) -> MemberRole:
        """Return the role of a user who may read.

        Raises:
            HubException: they may not.

        """
        role = await self.role(user_id)
        if role is None:
            raise HubException(ErrorText.UNAUTHORIZED)
        return role

    async def require_writer(self, user_id: str) -> MemberRole:
        """Return the role of a user who may write.

        Raises:
            HubException: they may not.

        """
        role = await self.require_reader(user_id)
        if role not in WRITERS:
            raise HubException(ErrorText.UNAUTHORIZED)
        return role
