"""The notebook's variables: which there are, and what ``df``, ``In[3]`` or ``file:x.csv`` means."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, Final, NamedTuple

from conduit_widget.context.described import Draft, fenced
from conduit_widget.context.describing import draft_of
from conduit_widget.context.failure import error_draft, last_error
from conduit_widget.context.kinds import is_a, shape_of, size_of, type_name
from conduit_widget.context.masking import is_env_file, masked_env
from conduit_widget.context.mentions import CELL, ERROR, FILE, NUMBERED
from conduit_widget.context.pictures import encoded_draft
from conduit_widget.errors import ConduitError, ValidationError
from conduit_widget.kernel.interrupts import get_shell
from conduit_widget.text.said import Said
from conduit_widget.types.wire import Wire

MAX_LISTED: Final = 200
MAX_FILE_BYTES: Final = 256 * 1024
MAX_IMAGE_FILE_BYTES: Final = 8 * 1024 * 1024
_NEWEST_CELLS: Final = 3
_IMAGES: Final = frozenset({".png", ".jpg", ".jpeg", ".gif", ".webp"})
_SHELLS_OWN: Final = frozenset({"In", "Out", "exit", "quit", "get_ipython", "open"})


class Variable(Wire, frozen=True, kw_only=True, omit_defaults=False):
    """One thing that can be named; ``shape`` and ``size`` are empty where they are not quickly known."""

    name: str
    type: str
    shape: str = ""
    size: str = ""


class Found(NamedTuple):
    """What a name means: a description, or a value to be described."""

    draft: Draft
    masked: tuple[str, ...] = ()
    hides_all: bool = False


class Namespace:
    """The names of one notebook.

    Args:
        names: its variables.
        hidden: names among them that are the shell's own.
        runs_cell: whether a cell of its own asks: the newest input is then that cell.

    """

    def __init__(
        self, names: dict[str, Any], hidden: Mapping[str, Any] | None = None, *, runs_cell: bool = False
    ) -> None:
        self.names = names
        self._hidden = hidden or {}
        self._runs_cell = runs_cell

    def listed(self, query: str = "") -> list[Variable]:
        """Return what can be named and begins with ``query``, data first, the newest first.

        No code of a value runs: an object that blocks, raises or is huge is one more name.
        """
        if query.startswith(FILE):
            return _files(query.removeprefix(FILE))
        folded = query.casefold()
        found = [
            (_rank(value), name, value)
            for name, value in reversed(list(self.names.items()))
            if isinstance(name, str)
            and name.casefold().startswith(folded)
            and self._is_own(name, value, query)
        ]
        found.sort(key=lambda each: each[0])
        variables = [
            Variable(name=name, type=type_name(value), shape=shape_of(value), size=size_of(value))
            for _, name, value in found[:MAX_LISTED]
        ]
        return variables + [each for each in self._special() if each.name.casefold().startswith(folded)]

    def name_of(self, value: object) -> str:
        """Return the variable that is this very value, the newest of several; empty where none is."""
        for name, each in reversed(list(self.names.items())):
            if each is value and isinstance(name, str) and self._is_own(name, value, ""):
                return name
        return ""

    def _is_own(self, name: str, value: object, query: str) -> bool:
        if name in _SHELLS_OWN or (name.startswith("_") and not query.startswith("_")):
            return False
        return name not in self._hidden and not is_a(value, ModuleType)

    def _special(self) -> list[Variable]:
        special = []
        with contextlib.suppress(ConduitError):  # nothing has failed, so there is none to name
            special.append(Variable(name=ERROR, type=type_name(last_error())))
        inputs = self._inputs()
        if inputs:
            special.append(Variable(name=CELL, type="code", shape=f"In[{inputs[-1]}]"))
        special += [
            Variable(name=f"In[{number}]", type="code") for number in reversed(inputs[-_NEWEST_CELLS:])
        ]
        outputs = self._outputs()
        for number in sorted(outputs, reverse=True)[:_NEWEST_CELLS]:
            value = outputs[number]
            special.append(
                Variable(
                    name=f"Out[{number}]", type=type_name(value), shape=shape_of(value), size=size_of(value)
                )
            )
        return [*special, Variable(name=FILE, type="file")]

    def _inputs(self) -> list[int]:
        entries = self.names.get("In")
        if not isinstance(entries, list):
            return []
        last = len(entries) - 1 if self._runs_cell else len(entries)
        return [
            number
            for number in range(1, last)
            if isinstance(entries[number], str) and entries[number].strip()
        ]

    def _outputs(self) -> dict[int, Any]:
        outputs = self.names.get("Out")
        return outputs if isinstance(outputs, dict) else {}

    def has(self, name: str) -> bool:
        """Whether a name means something here."""
        if name in self.names or name.startswith(FILE):
            return True
        numbered = NUMBERED.fullmatch(name)
        if numbered:
            known = self._inputs() if numbered[1] == "In" else self._outputs()
            return int(numbered[2]) in known
        return name in {each.name for each in self._special()}

    def find(self, name: str) -> Found:
        """Return what a name means, described in full.

        Raises:
            ValidationError: it means nothing here; the text names it.
            Exception: whatever the value's own code raises.

        """
        if name.startswith(FILE):
            return _file(name.removeprefix(FILE))
        if name in self.names and name not in _SHELLS_OWN:
            return Found(draft_of(self.names[name], self.names))
        if numbered := NUMBERED.fullmatch(name):
            return self._numbered(name, numbered[1], int(numbered[2]))
        if name == ERROR:
            return Found(error_draft(last_error(), self.names))
        if name == CELL and (inputs := self._inputs()):
            return Found(self._cell(inputs[-1]))
        raise ValidationError(f"@{name}", "is nothing that this notebook has.")

    def _numbered(self, name: str, kind: str, number: int) -> Found:
        if kind == "In" and number in self._inputs():
            return Found(Draft.titled("code", _code_of(number), self.names["In"][number]))
        if kind == "Out" and number in (outputs := self._outputs()):
            return Found(draft_of(outputs[number], self.names))
        raise ValidationError(f"@{name}", "is none of this notebook's cells, or has no result.")

    def _cell(self, number: int) -> Draft:
        code = fenced(self.names["In"][number], "python")
        outputs = self._outputs()
        if number not in outputs:
            return Draft.titled("code", _code_of(number), self.names["In"][number])
        result = draft_of(outputs[number], self.names)
        text = f"{code}\n\nIts result ({result.title}):\n{fenced(result.text)}" if result.text else code
        return Draft.titled(
            "cell",
            Said.of("code and result of cell {number}", number=str(number)),
            text,
            result.image,
            result.cut,
        )


def current_namespace(*, runs_cell: bool = False) -> Namespace:
    """Return the notebook's namespace; outside IPython one with nothing but files and the newest error."""
    shell = get_shell()
    if shell is None:
        return Namespace({})
    return Namespace(shell.user_ns, getattr(shell, "user_ns_hidden", {}), runs_cell=runs_cell)


def _rank(value: object) -> int:
    """Return the order: tables and arrays, texts and containers, other objects, functions and classes."""
    if size_of(value):
        return 0
    if is_a(value, FunctionType) or is_a(value, type):
        return 3
    return 1 if shape_of(value) else 2


def _path(text: str) -> Path:
    # Of a user who is not there it stays as it is: Path.expanduser would raise.
    return Path(os.path.expanduser(text))  # noqa: PTH111


def _files(begun: str) -> list[Variable]:
    """Return the files and folders that a path may go on to."""
    folder = _path(begun) if begun.endswith("/") else _path(begun).parent
    start = "" if begun.endswith("/") else _path(begun).name
    prefix = begun[: len(begun) - len(start)]
    try:
        entries = sorted(folder.iterdir(), key=lambda entry: entry.name)
    except (OSError, ValueError):
        return []
    # A name that is no text (not in UTF-8) can be named by none.
    named = [entry for entry in entries if _is_text(entry.name)]
    matching = [entry for entry in named if entry.name.casefold().startswith(start.casefold())]
    shown = [entry for entry in matching if start or not entry.name.startswith(".")][:MAX_LISTED]
    return [
        Variable(
            name=f"{FILE}{prefix}{each.name}{'/' if each.is_dir() else ''}",
            type="folder" if each.is_dir() else "file",
        )
        for each in shown
    ]


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _code_of(number: int) -> Said:
    return Said.of("code of cell {number}", number=str(number))


def _beginning(path: Path, most: int) -> bytes:
    """Return the first bytes of a file.

    Raises:
        OSError: it cannot be read.
        ValidationError: it is a pipe, a socket or a device: reading might wait for ever.

    """

    def opened(name: str, flags: int) -> int:
        return os.open(name, flags | getattr(os, "O_NONBLOCK", 0))  # or opening a pipe waits for its writer

    with open(path, "rb", opener=opened) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise ValidationError("@file", f"{path.name} is no regular file; name one.")
        return file.read(most)


def _file(text: str) -> Found:
    path = _path(text)
    is_image = path.suffix.lower() in _IMAGES
    most = MAX_IMAGE_FILE_BYTES if is_image else MAX_FILE_BYTES
    try:
        data = _beginning(path, most + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "is no path"
        raise ValidationError("@file", f"{path.name}: {reason}.") from None
    if is_image:
        return Found(encoded_draft(data, Said.of("image file {name}", name=path.name)))
    if b"\0" in data[:8192]:
        raise ValidationError("@file", f"{path.name} is no text file.")
    content = data[:most].decode(errors="replace")
    cut = f"the rest after {most:,} bytes" if len(data) > most else ""
    named = Said.of("file {name}", name=path.name)
    if is_env_file(path) or is_env_file(path.resolve()):  # a link to one has its secrets
        content, kinds = masked_env(content)
        return Found(Draft.titled("file", named, content, cut=cut), tuple(kinds))
    return Found(Draft.titled("file", named, content, cut=cut))
