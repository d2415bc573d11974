"""The figures as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from rich.console import Console
from rich.table import Table

from tests.load.bench.scenarios import Figure

WIDTH: Final = 120


def print_table(figures: Sequence[Figure]) -> None:
    """Print a row for each figure, with its goal and whether it is reached."""
    table = Table()
    columns: list[tuple[str, Literal["left", "right"]]] = [
        ("scenario", "left"),
        ("figure", "left"),
        ("value", "right"),
        ("goal", "right"),
        ("", "left"),
    ]
    for heading, justify in columns:
        table.add_column(heading, justify=justify, no_wrap=True)
    last = ""
    for figure in figures:
        if last and figure.scenario != last:
            table.add_section()
        shown = "" if figure.scenario == last else figure.scenario
        last = figure.scenario
        table.add_row(shown, figure.name, number(figure.value, figure.unit), _goal(figure), _verdict(figure))
    Console(width=WIDTH).print(table)


def number(value: float | None, unit: str) -> str:
    """Return a value with three digits that say something."""
    if value is None:
        return "not measured"
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f} {unit}"


def _goal(figure: Figure) -> str:
    if figure.goal is None:
        return ""
    return f"{'≥' if figure.more_is_better else '≤'} {number(figure.goal, figure.unit)}"


def _verdict(figure: Figure) -> str:
    return "" if figure.reached is None else "reached" if figure.reached else "MISSED"
