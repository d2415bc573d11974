"""The table that ``view`` prints, and the page of the reference that is made of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.load.view.trace import Work

REFERENCE: Final = Path(__file__).parents[3] / "notebooks" / "reference" / "view.md"
HEADS: Final = (
    *("while it is written", "scripts p50", "p95", "p99", "all p50", "p95", "longest task"),
    *("over 16.7 ms", "late", "CPU s", "a picture", "of a re-parse"),
)
PAGE: Final = """# The work of the chat's view

Made by `{command}` on {day}: {machine}. The page runs in Chromium without JupyterLab; the kernel's messages
come as its batcher sends them.

Times are ms of the processor that the page's main thread had, so others on the machine count little; what is
wall time says so. *Scripts* is what scripts and the layout they ask for take in each frame in which they do
anything, *all* has the browser's styles, layout and painting too. *Over 16.7 ms* counts frames with more work
than a frame has time for, *late* those that came more than 50 ms after the one before (25 while somebody
scrolls), of all drawn: the kernel sends every 33 ms, and our view draws what has come. *CPU s* is all of the
thread's work, *a picture* that by the pictures drawn: where there is too much work, fewer are. What the same
pictures take, each begun when the last is drawn, stands below. Our answer is shown to its end and beyond:
when it is complete it is read once more as a whole.

{table}

A full re-parse reads, colours and sets the whole text for every picture and puts it into the page as HTML.
{peers}

{figures}
"""


@dataclass(frozen=True, slots=True)
class Row:
    """A run of the table; ``rate`` groups what is compared."""

    name: str
    rate: float | None
    work: Work


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure beside the table; ``goal`` is the most it may be."""

    name: str
    value: float
    unit: str
    goal: float | None = None
    note: str = ""

    @property
    def is_missed(self) -> bool:
        """Whether it is over its goal."""
        return self.goal is not None and self.value > self.goal


@dataclass(slots=True)
class Report:
    """What one run of ``view`` found."""

    rows: list[Row] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)

    def of(self, name: str, rate: float) -> Work | None:
        """Return the work of a run, if it was made."""
        return next((row.work for row in self.rows if row.name == name and row.rate == rate), None)


def streams(rows: Sequence[Row], reference: str) -> str:
    """Return the runs as a table; ``reference`` names the one that the others are compared with."""
    lines = [_line(HEADS), _line(["---", *["---:"] * (len(HEADS) - 1)])]
    for row in rows:
        work = row.work
        again = next((each.work for each in rows if each.name == reference and each.rate == row.rate), None)
        rate = "" if row.rate is None else f", {row.rate:.0f} a second"
        cells = (
            *(row.name + rate, *(f"{work.percentile(share):.1f}" for share in (50, 95, 99))),
            *(f"{work.percentile(share, of=work.frames):.1f}" for share in (50, 95)),
            *(f"{work.longest:.1f}", str(work.long), f"{work.late} of {work.drawn}"),
            *(f"{work.total / 1000:.1f}", f"{work.mean:.1f}"),
            f"{work.mean / again.mean:.0%}" if again else "",
        )
        lines.append(_line(cells))
    return "\n".join(lines)


def figures(found: Sequence[Figure]) -> str:
    """Return the other figures as a table."""
    lines = [_line(("figure", "measured", "goal", "")), _line(("---", "---:", "---:", "---"))]
    for figure in found:
        goal = "" if figure.goal is None else f"≤ {figure.goal:g}"
        verdict = "" if figure.goal is None else "missed" if figure.is_missed else "reached"
        note = " · ".join(filter(None, (verdict, figure.note)))
        lines.append(
            _line(
                (
                    figure.name,
                    f"{figure.value:,.{0 if figure.value >= 100 else 2}f} {figure.unit}".strip(),
                    goal,
                    note,
                )
            )
        )
    return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
