"""The table of what was measured, and the words around it in the documentation."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

GOAL_MS: Final = 50.0
INTRODUCTION: Final = """\
# While a cell runs

How long it takes from a click or a key in JupyterLab until the hub has done it, while a cell keeps the kernel
busy: in ms of wall time, from the browser's own time of the input event to the event at another member of the
conversation. The promise is 50 ms.

- *both*: as JupyterLab and the package come. Where a view is in sight while a cell runs, the page has opened
  its own way to the hub, through the Jupyter server, before anybody needs it. What may arrive twice goes
  to the kernel too, and who is first wins.
- *past*: JupyterLab's setting `commsOverSubshells` is off, so the kernel hears nothing until its cell ends.
- *subshell*: the page has no way of its own, only the kernel, which takes messages on another thread.
  ipykernel 6 has none: there this way does not exist.

Pause is not in the table: it holds the view, in the page, and needs neither the kernel nor the hub.

A cell counts as running from when the page has sent it: what is done before the kernel says that it is busy
takes the page's own way, too. (Another page's cell counts from the kernel's word.)

Cells: `time.sleep`, a loop that computes, and `await asyncio.sleep`; real JupyterLab, Chromium, hub and
kernels, everything on the two processors of one machine.
"""
SECTION: Final = """
## Cells of {seconds:g} s

Made by `{command}`; load of the machine {load}.

"""


class Row(NamedTuple):
    """The times of one act, in ms."""

    ipykernel: str
    way: str
    cell: str
    act: str
    times: int
    median: float
    worst: float

    @property
    def cells(self) -> list[str]:
        """What the table shows of it."""
        return [*(str(value) for value in self[:5]), f"{self.median:.0f}", f"{self.worst:.0f}"]


def rows(ipykernel: str, way: str, cell: str, times: Iterable[tuple[str, float]]) -> list[Row]:
    """Return a row for each act."""
    acts: dict[str, list[float]] = {}
    for act, ms in times:
        acts.setdefault(act, []).append(ms)
    return [
        Row(ipykernel, way, cell, act, len(all_), statistics.median(all_), max(all_))
        for act, all_ in acts.items()
    ]


def section(found: Sequence[Row], seconds: float, command: str, load: str) -> str:
    """Return the table, with how it was made above."""
    lines = [list(Row._fields), ["---"] * len(Row._fields), *(row.cells for row in found)]
    table = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
    return f"{SECTION.format(seconds=seconds, command=command, load=load)}{table}\n"
