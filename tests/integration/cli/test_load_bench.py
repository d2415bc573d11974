"""``python -m tests.load bench`` measures a real hub, its own or a running one."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.load.__main__ import main
from tests.load.bench.crowd import _beginning
from tests.load.bench.scenarios import Figure
from tests.support.chat.server import chat_server
from tests.support.hub.server import SECRET, token

ROOT = Path(__file__).resolve().parents[3]
SMALL = (
    *("--members", "20", "--senders", "3", "--idle", "30", "--storm", "20", "--missed", "5"),
    *("--readers", "5", "--seconds", "0.4", "--json"),
)


async def bench(*arguments: str) -> tuple[int, str, str]:
    """Run it in a process of its own; return exit code, output and errors."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.load", *arguments),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "NO_COLOR": "1"},
    )
    output, errors = await asyncio.wait_for(process.communicate(), 250)
    assert process.returncode is not None
    return process.returncode, output.decode(), errors.decode()


def by_scenario(output: str) -> dict[str, list[dict[str, Any]]]:
    """Return the figures of the JSON output."""
    found: dict[str, list[dict[str, Any]]] = {}
    for figure in json.loads(output):
        found.setdefault(figure["scenario"], []).append(figure)
    return found


async def test_bench_measures_its_own_hub_in_a_few_scenarios() -> None:
    """Every message arrives, everybody is recovered, every figure is there."""
    _, output, errors = await bench("bench", "fan-out", "send", "storm", "slow-reader", *SMALL)
    assert errors == ""
    figures = by_scenario(output)
    assert list(figures) == ["fan-out", "send", "storm", "slow-reader"]
    measured = [figure for each in ("fan-out", "send", "storm") for figure in figures[each]]
    # A hub that has hardly worked has used less than a tick of the clock of processors.
    assert all(figure["value"] > 0 for figure in measured if "CPU" not in figure["name"])
    assert any("CPU" in figure["name"] for figure in measured)
    assert figures["slow-reader"][0]["value"] > 0


async def test_bench_loads_a_running_hub_with_its_key(tmp_path: Path) -> None:
    """Tokens of many users come from the hub's key file; without its process there is no CPU figure."""
    key_file = tmp_path / "key"
    key_file.write_bytes(SECRET)
    key_file.chmod(0o600)
    async with chat_server(tmp_path / "h.db") as server:
        arguments = ("fan-out", "--url", server.url, "--key-file", str(key_file), *SMALL)
        code, output, errors = await bench(*arguments)
    assert (code, errors) == (0, "")
    values = {figure["name"]: figure["value"] for figure in by_scenario(output)["fan-out"]}
    assert values["delivered, 1 in flight"] > 0
    assert values["CPU per delivery, 1 in flight"] is None


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["bench", "nonsense"], "nonsense: there is no such scenario"),
        (["nonsense"], "nonsense"),
        (["fan-out", "--members", "-3"], "--members"),
        (["fan-out", "--seconds", "0"], "--seconds"),
        (["send", "--url", "http://[::1", "--token", "t"], "--url"),
        (["send", "--url", "http://127.0.0.1:1"], "--url needs --key-file"),
        (["send", "--url", "https://127.0.0.1:1", "--token", "t"], "give the hub's own address"),
    ],
)
def test_bench_says_in_one_line_what_is_wrong(
    arguments: list[str],
    line: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """No traceback; what to do next."""
    monkeypatch.setattr(sys, "argv", ["python -m tests.load", *arguments])
    try:
        code: object = main()
    except SystemExit as end:
        code = end.code
    output, errors = capsys.readouterr()
    assert (code, output) == (2, "")
    assert line in errors
    assert len(errors.splitlines()) == 1


async def test_bench_names_the_refusal_but_not_the_token(tmp_path: Path) -> None:
    """A token that is not accepted: the status, one line, no secret."""
    async with chat_server(tmp_path / "h.db") as server:
        refused = token()[:-4] + "AAAA"
        code, _, errors = await bench("send", "--url", server.url, "--token", refused, *SMALL)
    assert code == 1
    assert "401" in errors
    assert refused not in errors
    assert len(errors.splitlines()) == 1


def test_goal_is_judged_in_its_direction() -> None:
    """At most or at least; nothing measured is no verdict."""
    figure = Figure(scenario="s", name="n", value=2.0, unit="µs", goal=1.0)
    assert figure.reached is False
    assert Figure(scenario="s", name="n", value=2.0, unit="/s", goal=1.0, more_is_better=True).reached
    assert Figure(scenario="s", name="n", value=None, unit="µs", goal=1.0).reached is None


def test_marker_split_over_two_reads_is_counted() -> None:
    """The piece of a marker at the end of a read is kept for the next."""
    assert _beginning(b'abc"target":"Rec', b'"target":"ReceiveMessage"') == b'"target":"Rec'
    assert _beginning(b"abc", b'"target"') == b""
