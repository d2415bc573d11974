"""What a trace of Chromium says about a page's main thread: work a frame, longest task, dropped frames."""

from __future__ import annotations

import itertools
import json
from bisect import bisect_right
from dataclasses import dataclass
from typing import Any, Final

from playwright.async_api import Browser, Page

CATEGORIES: Final = [
    "-*",
    "devtools.timeline",
    "toplevel",
    "disabled-by-default-devtools.timeline.frame",
    "devtools.timeline.frame",
    "__metadata",
]
TASK: Final = "ThreadControllerImpl::RunTask"
FRAME: Final = "BeginMainThreadFrame"
LATE_MS: Final = 25.0  # one and a half frames at 60 Hz
OURS: Final = frozenset({"FunctionCall", "RunMicrotasks", "EvaluateScript", "V8.GCScavenger"})
"""Where scripts run, with the layout that they ask for."""
FRAME_MS: Final = 1000 / 60
WORK_US: Final = 100  # a task below this is the browser's own housekeeping


@dataclass(frozen=True, slots=True)
class Work:
    """Times in ms of the main thread's processor, so that others on the machine do not count.

    ``ours`` has the work of the page's scripts in each frame in which they did something, ``frames`` that
    with the browser's own (styles, layout, painting), ``longest`` the longest task, ``total`` all work,
    ``late`` how many frames came late of ``drawn``.
    """

    ours: list[float]
    frames: list[float]
    longest: float
    total: float
    late: int
    drawn: int

    @property
    def long(self) -> int:
        """How many frames had more work than there is time for."""
        return sum(spent > FRAME_MS for spent in self.frames)

    @property
    def mean(self) -> float:
        """The work for one of the pictures that were drawn."""
        return self.total / max(1, self.drawn)

    def percentile(self, share: float, of: list[float] | None = None) -> float:
        """Return our work a frame (or that in ``of``) that so many percent of the frames stay below."""
        return percentile(self.ours if of is None else of, share)


def percentile(values: list[float], share: float) -> float:
    """Return the value that so many percent of ``values`` stay below; 0 of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share / 100))] if ordered else 0.0


class Tracing:
    """Records the main thread of ``page`` between entering and leaving; ``work`` says what was found.

    A frame that comes more than ``late`` ms after the one before is late.
    """

    def __init__(self, browser: Browser, page: Page, late: float = LATE_MS) -> None:
        self.work = Work([], [], 0.0, 0.0, 0, 0)
        self._browser = browser
        self._page = page
        self._late = late

    async def __aenter__(self) -> Tracing:
        """Begin."""
        await self._browser.start_tracing(page=self._page, categories=CATEGORIES)
        return self

    async def __aexit__(self, *_: object) -> None:
        """End, and read what was recorded."""
        trace = json.loads(await self._browser.stop_tracing())
        self.work = read(trace["traceEvents"], self._late)


def read(events: list[dict[str, Any]], late_ms: float = LATE_MS) -> Work:
    """Return the work of the busiest renderer's main thread."""
    mains = {
        (event["pid"], event["tid"])
        for event in events
        if event.get("name") == "thread_name" and event["args"].get("name") == "CrRendererMain"
    }
    by_thread: dict[tuple[int, int], list[dict[str, Any]]] = {main: [] for main in mains}
    for event in events:
        if (event["pid"], event["tid"]) in by_thread:
            by_thread[event["pid"], event["tid"]].append(event)
    own = max(by_thread.values(), key=lambda each: sum(_cpu(event) for event in _tasks(each)), default=[])
    tasks = _tasks(own)
    begins = sorted(event["ts"] for event in own if event["name"] == FRAME)

    def by_frame(some: list[dict[str, Any]]) -> list[float]:
        work: dict[int, float] = {}
        for event in some:
            frame = bisect_right(begins, event["ts"] + event.get("dur", 0))
            work[frame] = work.get(frame, 0.0) + _cpu(event)
        return [spent / 1000 for spent in work.values() if spent > WORK_US]

    scripts: list[dict[str, Any]] = []
    for event in sorted(own, key=lambda each: (each["ts"], -each.get("dur", 0))):
        inside = scripts and event["ts"] < scripts[-1]["ts"] + scripts[-1]["dur"]
        if event["name"] in OURS and event["ph"] == "X" and not inside:
            scripts.append(event)
    late = sum(after - before > 1000 * late_ms for before, after in itertools.pairwise(begins))
    return Work(
        ours=by_frame(scripts),
        frames=by_frame(tasks),
        longest=max((_cpu(task) for task in tasks), default=0.0) / 1000,
        total=sum(_cpu(task) for task in tasks) / 1000,
        late=late,
        drawn=len(begins),
    )


def _tasks(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [event for event in events if event["name"] == TASK and event["ph"] == "X"]


def _cpu(event: dict[str, Any]) -> float:
    return float(event.get("tdur", event.get("dur", 0)))
