"""From a value to what a model is told of it: whoever knows it best describes it, then secrets are masked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from conduit_widget.context.arrays import array_draft, is_array
from conduit_widget.context.described import (
    ITEM_BYTES,
    MAX_NAME_CHARS,
    Described,
    Draft,
    cut_to,
    error_line,
    sendable,
)
from conduit_widget.context.failure import error_draft
from conduit_widget.context.kinds import type_name
from conduit_widget.context.masking import MASK, UNDER_ITS_NAME, is_secret_name, known_secrets, masked
from conduit_widget.context.pictures import encoded_draft, figure_draft, figure_of, image_draft, is_image
from conduit_widget.context.registry import own_words_of
from conduit_widget.context.tables import is_table, table_draft
from conduit_widget.context.values import text_draft, value_draft
from conduit_widget.errors import ConduitError
from conduit_widget.text.plain_text import shown
from conduit_widget.text.said import Said
from conduit_widget.types import ChatMessage

MAX_READ_CHARS: Final = 400_000
_SELF_DEPTH: Final = 4
"""How often one description may name another value in its place."""


def describe(
    value: Any, name: str = "", *, limit: int = ITEM_BYTES, namespace: dict[str, Any] | None = None
) -> Described:
    """Describe a value within ``limit`` bytes of text. It may raise, block or lie: an error is one line.

    ``namespace`` is the notebook's, by which the frames of its errors are known.
    """
    name = name or type_name(value)
    try:
        draft = draft_of(value, namespace)
    except Exception as error:  # noqa: BLE001 - anybody's code: it is told and costs no other value
        return Described(
            name=shown(name[:MAX_NAME_CHARS]), problem=f"It could not be described: {error_line(error)}."
        )
    return finished(
        draft, name, limit=limit, hides_all=is_secret_name(name) and draft.kind in {"text", "value"}
    )


def draft_of(value: Any, namespace: dict[str, Any] | None = None, depth: int = _SELF_DEPTH) -> Draft:
    """Describe a value in full; what its code raises is raised."""
    if (own := own_words_of(value)) is not None:
        said = own(value)
        if isinstance(said, str):
            return Draft("value", type_name(value), said)
        if depth == 0:
            raise ConduitError("each description names another value")
        return draft_of(said, namespace, depth - 1)
    if type(value) is str:
        return text_draft(value)
    if isinstance(value, BaseException):
        return error_draft(value, namespace)
    if isinstance(value, ChatMessage):
        return Draft.titled("text", Said.of("message of the {role}", role=value.role), value.text)
    if is_table(value):
        return table_draft(value)
    if is_array(value):
        return array_draft(value)
    if (figure := figure_of(value)) is not None:
        return figure_draft(figure)
    if is_image(value):
        return image_draft(value)
    if callable(png := getattr(type(value), "_repr_png_", None)) and isinstance(data := png(value), bytes):
        return encoded_draft(data, type_name(value))
    return value_draft(value)


def finished(
    draft: Draft,
    name: str,
    *,
    limit: int = ITEM_BYTES,
    hides_all: bool = False,
    also_masked: Sequence[str] = (),
) -> Described:
    """Return a draft with its secrets masked and its text cut to ``limit`` bytes."""
    text, kinds = (
        (MASK, [UNDER_ITS_NAME])
        if hides_all
        else masked(sendable(draft.text[:MAX_READ_CHARS]), known_secrets())
    )
    if MASK in text and not (kinds or also_masked):
        kinds = [UNDER_ITS_NAME]  # a column, an entry
    title, in_title = masked(sendable(draft.title[:MAX_NAME_CHARS]))
    text, cut = cut_to(text, limit)
    return Described(
        name=shown(name[:MAX_NAME_CHARS]),
        kind=draft.kind,
        title=shown(title),
        text=text,
        image=None if hides_all else draft.image,
        cut=" and ".join(filter(None, [draft.cut, cut])),
        masked=tuple(dict.fromkeys([*also_masked, *kinds, *in_title])),
        said=draft.said if title == draft.title else None,
    )


def without_room(described: Described, left: int, total: int) -> Described:
    """Return a description within what is ``left`` of ``total`` bytes: without its picture, then cut."""
    image = described.image
    if described.size <= left:
        return described
    cut = [described.cut] if described.cut else []
    if image is not None:
        described = msgspec.structs.replace(described, image=None)
        cut.append("the picture: no room is left")
    least = min(len(described.text.encode()), 200)
    if left < least:
        problem = f"No room is left: one message takes {total:,} bytes of context."
        return Described(name=described.name, kind=described.kind, title=described.title, problem=problem)
    text, shortened = cut_to(described.text, max(left - 60, 0))
    cut.extend(filter(None, [shortened]))
    return msgspec.structs.replace(described, text=text, cut=" and ".join(cut))
