"""The official client over {WebSockets, SSE, long polling} x {JSON, MessagePack where binary is possible}."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest

from tests.support.hub.interop_hub import PATH, interop_app
from tests.support.hub.server import running, token
from tests.support.processes.node import find_node, npm_ci, run_script

HERE = Path(__file__).parent

COMBINATIONS: Final = (
    ("WebSockets", "json"),
    ("WebSockets", "messagepack"),
    ("ServerSentEvents", "json"),
    ("LongPolling", "json"),
    ("LongPolling", "messagepack"),
)
CHECKS: Final = 16
EXTRA: Final = {"messagepack": 1, "WebSockets": 1}  # bytes; stateful reconnect


@pytest.mark.timeout(900)
async def test_official_client_passes_every_check_when_transport_and_encoding_vary() -> None:
    """Calls, streams both ways, client results, groups, tokens and reconnects work in each combination."""
    node = find_node()
    npm_ci(HERE, node)
    async with running(interop_app()) as url:
        settings = {
            "url": url + PATH,
            "token": token("ann", ttl=900),
            "combinations": [
                {"transport": transport, "protocol": protocol} for transport, protocol in COMBINATIONS
            ],
        }
        rows = await run_script(HERE / "matrix.mjs", node, settings, within=500)
    results, summary = rows[:-1], rows[-1]
    print(f"@microsoft/signalr {summary['version']}\n{_table(results)}")
    assert [row for row in results if not row["ok"]] == []
    wanted = sum(CHECKS + EXTRA.get(a, 0) + EXTRA.get(b, 0) for a, b in COMBINATIONS)
    assert len(results) == wanted


def _table(results: list[dict[str, Any]]) -> str:
    """Return the results with one line for a check and one column for a combination."""
    cells = {(row["check"], row["transport"], row["protocol"]): row["ok"] for row in results}
    names = list(dict.fromkeys(row["check"] for row in results))
    header = " " * 20 + "".join(f"{a} {b}".ljust(24) for a, b in COMBINATIONS)
    marks = {True: "passed", False: "FAILED", None: "-"}
    lines = [
        name.ljust(20) + "".join(marks[cells.get((name, a, b))].ljust(24) for a, b in COMBINATIONS)
        for name in names
    ]
    return "\n".join([header, *lines])
