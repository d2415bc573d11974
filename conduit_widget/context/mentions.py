"""What a text names with ``@``: variables, cells, the newest error, files."""

from __future__ import annotations

import re
from typing import Final

from conduit_widget.context.described import MAX_NAME_CHARS

MAX_MENTIONS: Final = 50
CELL: Final = "cell"
ERROR: Final = "error"
FILE: Final = "file:"
NUMBERED: Final = re.compile(r"(In|Out)\[(\d{1,6})\]")

_CODE: Final = re.compile(r"(?ms)^(?P<fence>`{3,}|~{3,}).*?(?:^(?P=fence)|\Z)|`[^`\n]*`")
_MENTION: Final = re.compile(
    r"(?<!\w)@(?P<name>file:(?:\"[^\"\n]{1,180}\"|[^\s\"]{1,180})|(?:In|Out)\[\d{1,6}\]|[^\W\d]\w{0,99})"
)
_AFTER_A_PATH: Final = ".,;:!?)]}'"


def mentioned(text: str) -> list[str]:
    """Return what a text names, each once; code in it names nothing.

    >>> mentioned('Why is @df unlike @Out[3]? See @file:data/iris.csv. (a@b.example, `@x`)')
    ['df', 'Out[3]', 'file:data/iris.csv']
    """
    found: dict[str, None] = {}
    for match in _MENTION.finditer(_CODE.sub(" ", text)):
        name = match["name"]
        if name.startswith(FILE):
            path = name.removeprefix(FILE)
            path = path.strip('"') if path.startswith('"') else path.rstrip(_AFTER_A_PATH)
            name = f"{FILE}{path}"
            if not path:
                continue
        found[name[:MAX_NAME_CHARS]] = None
        if len(found) == MAX_MENTIONS:
            break
    return list(found)
