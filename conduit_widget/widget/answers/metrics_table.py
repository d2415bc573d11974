"""Figures of the newest answers as a small table of HTML: the last one, and a line of how they went."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Final, NamedTuple

WIDTH: Final = 84
HEIGHT: Final = 18

_CELL: Final = "text-align:left;padding:2px 16px 2px 0;border-top:1px solid rgba(128,128,128,.3)"
_NUMBER: Final = f"{_CELL};text-align:right"
_NOTE: Final = "opacity:.75;font-size:.88em"


class Figure(NamedTuple):
    """One row: what it is, in what unit, and its value for each answer, the newest last."""

    name: str
    unit: str
    values: Sequence[float | None]


def figures_html(caption: str, figures: Sequence[Figure]) -> str:
    """Return a table of the figures that the newest answer has; its caption is escaped."""
    rows = "".join(_row(each) for each in figures if each.values and each.values[-1] is not None)
    return (
        f'<table style="border-collapse:collapse;font-variant-numeric:tabular-nums">'
        f'<caption style="text-align:left;padding-bottom:4px">{html.escape(caption)}</caption>'
        f"<tbody>{rows}</tbody></table>"
    )


def _row(figure: Figure) -> str:
    known = [value for value in figure.values if value is not None]
    spread = f"{_words(min(known))} to {_words(max(known))}" if len(known) > 1 else ""
    return (
        f'<tr><th scope="row" style="{_CELL};font-weight:400">{figure.name}</th>'
        f'<td style="{_NUMBER}"><strong>{_words(known[-1])}</strong> {figure.unit}</td>'
        f'<td style="{_CELL}">{sparkline(known)}</td><td style="{_CELL};{_NOTE}">{spread}</td></tr>'
    )


def sparkline(values: Sequence[float]) -> str:
    """Return a short series as an SVG line in the colour of the text; empty for fewer than two values."""
    if len(values) < 2:
        return ""
    least, most = min(values), max(values)
    step = WIDTH / (len(values) - 1)
    scale = (HEIGHT - 2) / (most - least) if most > least else 0.0
    bottom = HEIGHT - 1 if most > least else HEIGHT / 2
    points = " ".join(
        f"{place * step:.1f},{bottom - scale * (value - least):.1f}" for place, value in enumerate(values)
    )
    box = f'width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}"'
    said = f"{len(values)} answers, from {_words(values[0])} to {_words(values[-1])}"
    return (
        f'<svg role="img" aria-label="{said}" {box}>'
        f'<polyline points="{points}" fill="none" stroke="currentColor" stroke-width="1.25"/></svg>'
    )


def _words(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
