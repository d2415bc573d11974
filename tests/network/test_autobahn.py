"""WebSocket conformance: the Autobahn cases (``kosoku``) against our server class as a plain echo."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

kosoku = pytest.importorskip("kosoku", reason="kosoku is not installed: pip install kosoku")

from tests.support.websocket_echo import running_echo  # noqa: E402 - nothing to serve without the cases


async def _run(cases: Sequence[str]) -> tuple[int, list[str]]:
    """Run cases; return how many there were, and each that did not pass with the reason."""
    async with running_echo() as url:
        try:
            results = await kosoku.run_fuzzingclient(url, list(cases), concurrency=2)
        except kosoku.FailureError as failure:
            results = failure.results
    failed = [
        f"{result.case_id}: {result.behavior.value}, close {result.behavior_close.value}: {result.result}"
        for result in results
        if not result.passed
    ]
    return len(results), failed


async def test_every_protocol_case_passes_when_our_server_echoes() -> None:
    """Framing, pings, reserved bits, opcodes, fragmentation, UTF-8, close handling: 247 of 247."""
    groups = [f"{group}.*" for group in (1, 2, 3, 4, 5, 6, 7, 10)]
    assert await _run(groups) == (247, [])


async def test_every_size_case_passes_when_our_server_echoes() -> None:
    """Messages up to 16 MB, whole and in fragments: 54 of 54."""
    assert await _run(["9.*"]) == (54, [])
