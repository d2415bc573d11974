"""permessage-deflate of the client (RFC 7692), without context takeover and only where it pays.

Without context takeover a connection keeps no window (36 KiB), and a hub compresses a broadcast once for all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from websockets.extensions import Extension
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory, PerMessageDeflate
from websockets.frames import Frame
from websockets.typing import ExtensionParameter

MIN_COMPRESSED_BYTES: Final = 512


class _SelectiveDeflate(PerMessageDeflate):
    """Leaves short messages as they are; each message says for itself whether it is compressed."""

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


def client_deflate() -> ClientPerMessageDeflateFactory:
    """Return the extension to offer; a hub that does not want it ignores it."""
    return _SelectiveDeflateFactory(server_no_context_takeover=True, client_no_context_takeover=True)
