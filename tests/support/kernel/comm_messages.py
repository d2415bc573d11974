"""Messages of a widget's comm as a test reads them: short ones in full."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def in_full(contents: Iterable[Any]) -> list[dict[str, Any]]:
    """Return the messages, short ones (``kernel/token_lines.py``) as ops messages; without lines' numbers."""
    full: list[dict[str, Any]] = []
    lines: dict[int, dict[str, Any]] = {}
    last = n = 0
    for content in contents:
        if isinstance(content, list):
            n += 1
            assert content[0] == n % 10, "a message is missing"
            ops = []
            for part in content[1:]:
                if isinstance(part, int):
                    last = part
                    continue
                ops.append({**lines[last], "text": part, "line": last})
            content = {"kind": "ops", "n": n, "ops": ops}  # noqa: PLW2901 - read as if it were one
        if content["kind"] == "snapshot":
            lines.clear()
        n = content.get("n", n)
        if content["kind"] == "ops":
            content = {**content, "ops": [dict(op) for op in content["ops"]]}  # noqa: PLW2901 - a copy
            for op in content["ops"]:
                if "line" not in op:
                    continue
                last = op.pop("line")
                goes_on = {key: op[key] for key in ("op", "id", "kind") if key in op}
                lines[last] = {**goes_on, "offset": op["offset"] + len(op["text"])}
        full.append(content)
    return full
