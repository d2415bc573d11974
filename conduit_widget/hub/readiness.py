"""Whether the hub can do its work: what ``/readyz`` asks and says."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from conduit_widget.errors import HubException, trace_of

CHECK_TIMEOUT: Final = 2.0
_FAILED: Final = "The check failed; the log says why."
_AWAY: Final = "It cannot be reached at present."
_TIMED_OUT: Final = f"No answer within {CHECK_TIMEOUT:g} s."

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ReadinessCheck:
    """One thing the hub needs. ``check`` returns None when it is there, else a line for operators.

    ``required``: without it the hub is not ready; otherwise it is only reported. The line is public where
    ``/readyz`` is: no URL, no credential.
    """

    name: str
    check: Callable[[], Awaitable[str | None]]
    required: bool = True


async def readiness_report(
    checks: Sequence[ReadinessCheck], *, draining: bool, connections: int
) -> tuple[bool, dict[str, Any]]:
    """Return whether the hub is ready, and the report for people and probes."""
    reasons = await asyncio.gather(*(_ask(check) for check in checks))
    missing = [
        f"{check.name}: {reason}"
        for check, reason in zip(checks, reasons, strict=True)
        if reason and check.required
    ]
    if draining:
        status, missing = "draining", ["The hub is about to end and lets nobody in.", *missing]
    else:
        status = "unavailable" if missing else "ready"
    report: dict[str, Any] = {"status": status, "connections": connections, "reasons": missing}
    if checks:
        report["checks"] = {
            check.name: _entry(check, reason) for check, reason in zip(checks, reasons, strict=True)
        }
    return status == "ready", report


def _entry(check: ReadinessCheck, reason: str | None) -> dict[str, Any]:
    entry: dict[str, Any] = {"ok": reason is None, "required": check.required}
    return entry if reason is None else {**entry, "reason": reason}


async def _ask(check: ReadinessCheck) -> str | None:
    try:
        return await asyncio.wait_for(check.check(), CHECK_TIMEOUT)
    except TimeoutError:
        return _TIMED_OUT
    except HubException:  # refused, with a text for people; logged once, by whoever lost it
        return _AWAY
    except Exception as error:  # noqa: BLE001 - a check that fails is an answer; its text may hold a URL
        _logger.warning("The readiness check %s failed: %s", check.name, trace_of(error))
        return _FAILED
