"""The StreamToken records the measurements use."""

from __future__ import annotations

from typing import Any, Final

from conduit_widget.protocol.messages import Invocation

TARGET: Final = "StreamToken"
METADATA: Final[dict[str, Any]] = {
    "messageId": "0f8fad5b-d9cb-469f-a165-70867728950e",
    "seq": 12,
    "index": 3,
    "count": 1,
    "offset": 40,
}

SHORT: Final = Invocation(TARGET, ["conv-1", " token", METADATA])
"""A token without a model's name: 160 bytes of JSON."""

FULL: Final = Invocation(
    TARGET,
    ["conv-1", " token", {**METADATA, "model": "SmolLM2-135M-Instruct", "provider": "local"}],
)
"""A token as our hub sends it."""

RECORDS: Final = {"short": SHORT, "full": FULL}
