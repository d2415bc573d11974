"""``/readyz``: what is asked, what it says, and what it keeps to itself."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

import httpx2
import pytest

from conduit_widget.contract import READY_PATH
from conduit_widget.errors import StoreUnavailableError
from conduit_widget.hub import readiness
from conduit_widget.hub.app import HubApp
from conduit_widget.hub.readiness import ReadinessCheck
from tests.support.hub.echo_hub import EchoHub
from tests.support.hub.server import authority

SECRET = "postgres://conduit:hunter2@db.internal/chat"


async def _there() -> str | None:
    return None


async def _missing() -> str | None:
    return "No disk space is left."


async def _broken() -> str | None:
    raise ConnectionRefusedError(SECRET)


async def _hangs() -> str | None:
    await asyncio.Event().wait()
    return None


async def _asked(checks: Sequence[ReadinessCheck], *, draining: bool = False) -> tuple[int, Any, str]:
    app = HubApp({"/hubs/echo": EchoHub()}, authenticator=authority(), readiness=checks)
    if draining:
        app.begin_drain()
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
        answer = await http.get(READY_PATH)
    return answer.status_code, answer.json(), answer.text


async def test_ready_when_everything_asked_is_there() -> None:
    """Every check holds: 200, no reason, and each check by name."""
    status, report, _ = await _asked([ReadinessCheck("history", _there)])
    assert (status, report) == (
        200,
        {
            "status": "ready",
            "connections": 0,
            "reasons": [],
            "checks": {"history": {"ok": True, "required": True}},
        },
    )


async def test_a_required_check_s_reason_makes_the_hub_unready() -> None:
    """What is missing is named with the check's own line, once; what is there stays ok."""
    status, report, _ = await _asked([ReadinessCheck("history", _missing), ReadinessCheck("bus", _there)])
    assert (status, report["status"]) == (503, "unavailable")
    assert report["reasons"] == ["history: No disk space is left."]
    assert report["checks"]["history"] == {"ok": False, "required": True, "reason": "No disk space is left."}
    assert report["checks"]["bus"] == {"ok": True, "required": True}


async def test_a_check_that_raises_is_unready_and_shows_no_text_of_the_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The page says that it failed, the log where; neither says the error's text, which may hold a URL."""
    status, report, page = await _asked([ReadinessCheck("history", _broken)])
    assert status == 503
    assert report["checks"]["history"]["ok"] is False
    assert report["reasons"] == ["history: The check failed; the log says why."]
    assert "ConnectionRefusedError" not in page
    assert "readiness check history failed: ConnectionRefusedError at test_readiness.py" in caplog.text
    for text in (page, caplog.text):
        assert "hunter2" not in text
        assert "db.internal" not in text


async def test_a_check_that_hangs_is_given_up_and_the_others_are_still_heard(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A probe gets its answer by the deadline, however many checks hang: they are asked side by side."""
    monkeypatch.setattr(readiness, "CHECK_TIMEOUT", 0.1)
    asked = most = 0

    async def hangs() -> str | None:
        nonlocal asked, most
        asked += 1
        most = max(most, asked)
        try:
            return await _hangs()
        finally:
            asked -= 1

    checks = [ReadinessCheck(f"slow{number}", hangs) for number in range(20)]
    status, report, _ = await _asked([*checks, ReadinessCheck("history", _there)])
    assert (most, asked) == (20, 0), "side by side, and none goes on"
    assert (status, report["status"]) == (503, "unavailable")
    assert report["checks"]["slow0"]["reason"].startswith("No answer within ")
    assert report["checks"]["history"]["ok"] is True


async def test_store_that_is_away_is_logged_when_that_changes_and_not_at_every_probe(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Not ready, once, and ready again, once: a probe comes every few seconds."""
    away = True

    async def check() -> str | None:
        if away:
            raise StoreUnavailableError
        return None

    app = HubApp({}, authenticator=authority(), readiness=[ReadinessCheck("store", check)])
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
        for _ in range(3):
            answer = await http.get(READY_PATH)
            assert (answer.status_code, answer.json()["reasons"]) == (
                503,
                ["store: It cannot be reached at present."],
            )
        away = False
        for _ in range(3):
            assert (await http.get(READY_PATH)).status_code == 200
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == [
        "The hub is not ready: store: It cannot be reached at present.",
        "The hub is ready again.",
    ]


@pytest.mark.parametrize("check", [_missing, _broken, _hangs], ids=["missing", "broken", "hangs"])
async def test_what_is_not_required_is_only_reported(check: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hub is ready without it; the page says that it is not there."""
    monkeypatch.setattr(readiness, "CHECK_TIMEOUT", 0.1)
    status, report, page = await _asked([ReadinessCheck("model", check, required=False)])
    assert (status, report["status"], report["reasons"]) == (200, "ready", [])
    assert report["checks"]["model"]["ok"] is False
    assert report["checks"]["model"]["required"] is False
    assert report["checks"]["model"]["reason"]
    assert "hunter2" not in page


async def test_a_draining_hub_is_not_ready_whatever_its_checks_say() -> None:
    """Load balancers stop sending people to a hub that is about to end; what is missing is said too."""
    status, report, _ = await _asked([ReadinessCheck("history", _there)], draining=True)
    assert (status, report["status"]) == (503, "draining")
    assert report["reasons"] == ["The hub is about to end and lets nobody in."]
    status, report, _ = await _asked([ReadinessCheck("history", _missing)], draining=True)
    assert (status, report["status"]) == (503, "draining")
    assert report["reasons"][1:] == ["history: No disk space is left."]
