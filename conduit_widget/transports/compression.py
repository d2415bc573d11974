"""permessage-deflate (RFC 7692) of both ends, without context takeover.

Without context takeover a connection keeps no window (36 KiB), and a hub compresses a broadcast once for all.
The client compresses only where it pays; the server inflates only as far as a message may reach.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final

from websockets.extensions import Extension
from websockets.extensions.permessage_deflate import (
    ClientPerMessageDeflateFactory,
    PerMessageDeflate,
    ServerPerMessageDeflateFactory,
)
from websockets.frames import Frame, Opcode
from websockets.typing import ExtensionParameter

MIN_COMPRESSED_BYTES: Final = 512


class _SelectiveDeflate(PerMessageDeflate):
    """Does not compress short messages; each message says for itself whether it is compressed."""

    def encode(self, frame: Frame) -> Frame:
        if len(frame.data) < MIN_COMPRESSED_BYTES:
            return frame
        return super().encode(frame)


class _SelectiveDeflateFactory(ClientPerMessageDeflateFactory):
    def process_response_params(
        self, params: Sequence[ExtensionParameter], accepted_extensions: Sequence[Extension]
    ) -> PerMessageDeflate:
        agreed = super().process_response_params(params, accepted_extensions)
        return _SelectiveDeflate(
            agreed.remote_no_context_takeover,
            agreed.local_no_context_takeover,
            agreed.remote_max_window_bits,
            agreed.local_max_window_bits,
            agreed.compress_settings,
        )


class _BoundedDeflate(PerMessageDeflate):
    """Inflates a message, of one frame or of many, to ``max_bytes`` and no further."""

    def __init__(self, agreed: PerMessageDeflate, max_bytes: int) -> None:
        super().__init__(
            agreed.remote_no_context_takeover,
            agreed.local_no_context_takeover,
            agreed.remote_max_window_bits,
            agreed.local_max_window_bits,
            agreed.compress_settings,
        )
        self._max_bytes = max_bytes
        self._inflated = 0

    def decode(self, frame: Frame, *, max_size: int | None = None) -> Frame:
        """Return the frame as it was; what would grow too large raises ``PayloadTooBig``."""
        if not frame.rsv1 and not (frame.opcode is Opcode.CONT and self.decode_cont_data):
            return super().decode(frame, max_size=max_size)
        if frame.opcode is not Opcode.CONT:
            self._inflated = 0
        room = max(1, self._max_bytes - self._inflated)  # 0 would be no limit
        found = super().decode(frame, max_size=room if max_size is None else min(room, max_size))
        self._inflated += len(found.data)
        return found


class _BoundedDeflateFactory(ServerPerMessageDeflateFactory):
    def __init__(self, max_bytes: int) -> None:
        super().__init__(server_no_context_takeover=True, client_no_context_takeover=True)
        self._max_bytes = max_bytes

    def process_request_params(
        self, params: Sequence[ExtensionParameter], accepted_extensions: Sequence[Extension]
    ) -> tuple[list[ExtensionParameter], PerMessageDeflate]:
        answer, agreed = super().process_request_params(params, accepted_extensions)
        return answer, _BoundedDeflate(agreed, self._max_bytes)


@cache
def server_deflate(max_bytes: int) -> ServerPerMessageDeflateFactory:
    """Return the extension a server agrees to; no message is inflated beyond ``max_bytes``."""
    return _BoundedDeflateFactory(max_bytes)


def client_deflate() -> ClientPerMessageDeflateFactory:
    """Return the extension to offer; a hub that does not want it ignores it."""
    return _SelectiveDeflateFactory(server_no_context_takeover=True, client_no_context_takeover=True)
