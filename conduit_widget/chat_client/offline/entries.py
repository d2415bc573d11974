"""What waits for the hub, as values: messages and what was done to messages."""

from __future__ import annotations

from typing import Final, Literal

from conduit_widget.errors import ConduitError
from conduit_widget.types import ChatMessage, Content, TextPart, Wire

MAX_MESSAGES: Final = 1_000
MAX_BYTES: Final = 50 * 1024 * 1024

EntryKind = Literal["message", "edit", "delete", "react", "read"]
EntryState = Literal["waiting", "refused"]

MAY_HAVE_ARRIVED: Final = "The hub may have this message already: its place cannot change any more."


class QueuedFile(Wire, frozen=True, kw_only=True):
    """A file that goes to the hub with a message; its bytes are in the queue too."""

    name: str
    size: int


class QueuedEntry(Wire, frozen=True, kw_only=True):
    """One thing that waits for the hub.

    ``message_id`` is what it is about; of a ``message`` it is its own id, and ``id`` is the same.
    ``attempted`` is set before the hub is asked: until it answers, nobody knows whether it has arrived.
    ``reworded`` is a message that got another text after that; ``unsure`` a deletion of a message that
    may never have arrived. ``reason`` is why the hub refused it.
    """

    id: str
    kind: EntryKind
    message_id: str = ""
    message: ChatMessage | None = None
    files: tuple[QueuedFile, ...] = ()
    content: Content = ""
    emoji: str = ""
    is_on: bool = True
    seq: int = 0
    created: str = ""
    state: EntryState = "waiting"
    reason: str = ""
    attempted: bool = False
    reworded: bool = False
    unsure: bool = False
    revision: int = 0
    """Counts its changes: what was asked of the hub with an earlier one is not done with."""

    @property
    def is_shown(self) -> bool:
        """Whether people see it in the queue; that something was read concerns nobody else."""
        return self.kind != "read"

    @property
    def text(self) -> str:
        """The words that it brings, without what goes along with them; empty where it brings none."""
        content = self.content if self.message is None else self.message.content
        if isinstance(content, str):
            return content
        return next((part.text for part in content if isinstance(part, TextPart)), "")


class Place(Wire, frozen=True, kw_only=True):
    """One queue: which hub, who one is there, which conversation. No part of it is a secret."""

    hub: str
    user: str
    conversation: str


class QueueFullError(ConduitError):
    """The queue of one conversation has as much as it keeps."""


def too_many() -> QueueFullError:
    """Return the refusal of one message too many."""
    return QueueFullError(
        f"{MAX_MESSAGES:,} messages of this conversation wait for the hub, the most that are kept: "
        "delete some, or send again when they have left."
    )


def too_large(size: int) -> QueueFullError:
    """Return the refusal of what no longer fits; ``size`` is what the queue would have, in bytes."""
    mib = 1024 * 1024
    return QueueFullError(
        f"What waits for the hub would have {size / mib:.1f} MiB with this, files included; "
        f"the limit is {MAX_BYTES // mib} MiB for each conversation."
    )
