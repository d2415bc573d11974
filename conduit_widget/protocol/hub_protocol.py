"""The seam between sessions and encodings: what a hub protocol (codec) must do."""

from __future__ import annotations

from enum import Enum
from typing import Protocol

from conduit_widget.protocol.messages import HubMessage


class TransferFormat(Enum):
    """The kind of frames a hub protocol needs; the values are negotiate's own words."""

    TEXT = "Text"
    BINARY = "Binary"


class RecordDecoder(Protocol):
    """Incremental reader of one connection's records; keeps the incomplete tail between calls.

    ``skipped``: how many records of unknown types there have been.
    """

    skipped: int

    def feed(self, data: bytes | str) -> list[HubMessage]:
        """Return the messages completed by ``data``, in order; unknown types are skipped.

        Raises:
            RemoteProtocolError: a record is not a hub message.
            MessageTooLargeError: a record, complete or not yet, exceeds the limit.

        """
        ...


class HubProtocol(Protocol):
    """One encoding of hub messages. Stateless, so one instance serves every connection."""

    @property
    def name(self) -> str:
        """The name sent in the handshake, such as ``json``."""
        ...

    @property
    def version(self) -> int:
        """The highest handshake version spoken; every lower one from 1 is spoken too."""
        ...

    @property
    def transfer_format(self) -> TransferFormat:
        """The kind of frame the records travel in."""
        ...

    def encode(self, message: HubMessage) -> bytes:
        """Return the framed record, ready for any connection that speaks this protocol.

        Raises:
            LocalProtocolError: an argument or result cannot be encoded.

        """
        ...

    def decoder(self, max_record_bytes: int) -> RecordDecoder:
        """Return a fresh decoder for one connection; the limit is in bytes per record."""
        ...
