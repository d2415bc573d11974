"""Writes ``js/src/contract.ts``: the numbers and the types that views read."""

from __future__ import annotations

import inspect
import json
import re
import textwrap
from collections.abc import Iterator
from typing import Any, Final, Literal, get_args, get_origin, is_typeddict

from msgspec import inspect as msgspec_inspect

from conduit_widget import contract, types
from conduit_widget.chat_client.state import changes

_HEADER: Final = """\
// The wire contract as a view sees it: numbers and shapes.
// Made by `python -m tests.codegen` from conduit_widget: contract.py, types/, chat_client/state/changes.py.
"""
_NUMBERS: Final = ("FILE_CHUNK_BYTES", "MAX_ATTACHMENTS", "MAX_CONTENT_BYTES", "MAX_FILE_BYTES", "TYPING_TTL")
"""The numbers that views use."""
_READ_BY_VIEWS: Final = (
    types.SendReceipt,
    types.MemberInfo,
    types.ConversationInfo,
    types.SearchResult,
    types.Call,
    types.CallSignal,
    *get_args(changes.Change),
)
"""What kernels send to views: these and whatever they are made of are written, nothing else."""
_NOT_OPS: Final = (changes.ResetChange, changes.SignalChange)
_FIELD_TYPES: Final = {
    ("ChatMessage", "metadata"): types.MessageMetadata,
    ("SearchHit", "message"): types.ChatMessage,
}
"""Fields that Python keeps as a plain dict, since unknown keys pass through, and TypeScript reads by name."""
_LEFT_OUT_FIELDS: Final = frozenset({("ChatMessage", "extra")})
_PLAIN: Final = {
    msgspec_inspect.StrType: "string",
    msgspec_inspect.IntType: "number",
    msgspec_inspect.FloatType: "number",
    msgspec_inspect.BoolType: "boolean",
    msgspec_inspect.NoneType: "null",
    msgspec_inspect.AnyType: "unknown",
}
_MAX_LINE: Final = 110


def contract_typescript() -> str:
    """Return the text of ``contract.ts``."""
    numbers = [f"export const {name} = {_number(getattr(contract, name))};" for name in _NUMBERS]
    numbers = ["// Times in seconds, sizes in bytes.", *numbers, ""]
    shapes = {kind.__name__: _shape(kind) for kind in _shapes_read_by_views()}
    return "\n".join(
        [_HEADER, *numbers, *_literals("\n".join([*shapes.values(), _ops()])), *shapes.values(), _ops()]
    )


def _number(value: float) -> str:
    return f"{value:_}" if isinstance(value, int) else f"{value:g}"


def _literals(text: str) -> Iterator[str]:
    """Yield the named sets of values that ``text`` mentions."""
    for name, values in _literal_values().items():
        if re.search(rf"\b{name}\b", text):
            yield _union(f"export type {name} =", [json.dumps(value) for value in values])


def _literal_values() -> dict[str, tuple[str, ...]]:
    aliases = {**vars(types), **vars(changes)}
    return {name: get_args(value) for name, value in aliases.items() if get_origin(value) is Literal}


def _shapes_read_by_views() -> list[type]:
    """Return the types that views read, those that others are made of first."""
    found: dict[type, None] = {}

    def visit(info: object) -> None:
        match info:
            case msgspec_inspect.UnionType():
                for each in info.types:
                    visit(each)
            case msgspec_inspect.ListType():
                visit(info.item_type)
            case msgspec_inspect.DictType():
                visit(info.value_type)
            case msgspec_inspect.StructType() | msgspec_inspect.TypedDictType():
                for field in info.fields:
                    known = _FIELD_TYPES.get((info.cls.__name__, field.name))
                    visit(msgspec_inspect.type_info(known) if known else field.type)
                found.setdefault(info.cls)

    for kind in _READ_BY_VIEWS:
        visit(msgspec_inspect.type_info(kind))
    return [kind for kind in found if kind not in get_args(changes.Change)]


def _shape(kind: type) -> str:
    open_end = ["[key: string]: unknown"] if is_typeddict(kind) else []
    rows = [f"  {row};" for row in (*_rows(kind), *open_end)]
    return f"{_comment(kind)}export interface {kind.__name__} {{\n" + "\n".join(rows) + "\n}\n"


def _ops() -> str:
    """Return the union of the changes that travel: ``TokenChange`` is the op ``token``."""
    members = []
    for kind in get_args(changes.Change):
        if kind in _NOT_OPS:
            continue
        name = kind.__name__.removesuffix("Change")
        rows = [f'op: "{name[0].lower()}{name[1:]}"', *_rows(kind)]
        line = f"{{ {'; '.join(rows)} }}"
        if len(line) + 4 > _MAX_LINE:
            line = "{\n" + "".join(f"      {row};\n" for row in rows) + "    }"
        members.append(line)
    return "/** One change of what a view shows. `offset` counts Unicode code points. */\n" + _union(
        "export type Op =", members
    )


def _rows(kind: Any) -> Iterator[str]:
    info = msgspec_inspect.type_info(kind)
    assert isinstance(info, msgspec_inspect.StructType | msgspec_inspect.TypedDictType)
    may_miss = is_typeddict(kind) or kind.__struct_config__.omit_defaults
    if isinstance(info, msgspec_inspect.StructType) and info.tag_field is not None:
        yield f"{info.tag_field}: {json.dumps(info.tag)}"
    for field in info.fields:
        if (kind.__name__, field.name) in _LEFT_OUT_FIELDS:
            continue
        optional = "?" if may_miss and not field.required else ""
        known = _FIELD_TYPES.get((kind.__name__, field.name))
        yield f"{field.encode_name}{optional}: {known.__name__ if known else _type(field.type)}"


def _type(info: msgspec_inspect.Type) -> str:
    """Return the TypeScript of a msgspec type.

    Raises:
        TypeError: a kind of type that the contract has not used so far.

    """
    plain = _PLAIN.get(type(info))
    if plain is not None:
        return plain
    match info:
        case msgspec_inspect.UnionType():
            return " | ".join(dict.fromkeys(_type(each) for each in info.types))
        case msgspec_inspect.ListType():
            item = _type(info.item_type)
            return f"({item})[]" if " | " in item else f"{item}[]"
        case msgspec_inspect.DictType():
            return f"Record<{_type(info.key_type)}, {_type(info.value_type)}>"
        case msgspec_inspect.LiteralType():
            named = (name for name, values in _literal_values().items() if set(values) == set(info.values))
            return next(named, None) or " | ".join(json.dumps(value) for value in info.values)
        case msgspec_inspect.StructType():
            return info.cls.__name__
    raise TypeError(f"No TypeScript for {info!r}")


def _union(head: str, members: list[str]) -> str:
    line = f"{head} {' | '.join(members)};"
    if len(line) <= _MAX_LINE and "{" not in line:
        return f"{line}\n"
    return head + "".join(f"\n  | {member}" for member in members) + ";\n"


def _comment(kind: Any) -> str:
    """Return the first paragraph of a docstring as a comment, field names as TypeScript spells them."""
    text = " ".join((inspect.getdoc(kind) or "").split("\n\n")[0].split())
    text = text.replace(":class:", "").replace("``", "`")
    names = zip(
        getattr(kind, "__struct_fields__", ()), getattr(kind, "__struct_encode_fields__", ()), strict=True
    )
    for python, wire in names:
        text = text.replace(f"`{python}`", f"`{wire}`")
    if len(text) + 7 <= _MAX_LINE:
        return f"/** {text} */\n"
    return "/**\n" + textwrap.indent(textwrap.fill(text, _MAX_LINE - 3), " * ") + "\n */\n"
