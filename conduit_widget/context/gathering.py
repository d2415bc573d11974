"""Names and values to what goes with one message, within its budget."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from conduit_widget.context.described import CONTEXT_BYTES, MAX_ITEMS, Described, error_line
from conduit_widget.context.describing import describe, finished, without_room
from conduit_widget.context.masking import is_secret_name
from conduit_widget.context.namespace import Namespace
from conduit_widget.errors import ConduitError, ValidationError


def gathered(names: Iterable[str], namespace: Namespace, room: int = CONTEXT_BYTES) -> list[Described]:
    """Describe what names mean, within ``room`` bytes together.

    One that means nothing, or cannot be described, says so in ``problem``; nothing is raised, whatever a
    value's own code raises: this is for threads that no interrupt reaches.
    """
    described = []
    for name in list(dict.fromkeys(names))[:MAX_ITEMS]:
        try:
            described.append(_named(name, namespace))
        except BaseException as error:  # noqa: BLE001 - a value's code may end the process, as it believes
            described.append(Described(name=name, problem=f"It could not be described: {error_line(error)}."))
    return within_budget(described, room)


def context_of(given: object, namespace: Namespace) -> list[Described]:
    """Describe what ``context=`` of ``chat.ask`` has: names as texts, values, or names mapped to values.

    Raises:
        ValidationError: a name means nothing here, there are too many, or one cannot be described.

    """
    entries: list[tuple[str, Any]]
    if isinstance(given, Mapping):
        entries = [(str(name), value) for name, value in given.items()]
        described = [describe(value, name, namespace=namespace.names) for name, value in entries]
    elif isinstance(given, list | tuple):
        described = [_given(each, namespace) for each in given]
    else:
        described = [_given(given, namespace)]
    if len(described) > MAX_ITEMS:
        raise ValidationError("context", f"has {len(described)} entries; the limit is {MAX_ITEMS}.")
    described = within_budget(described)
    for each in described:
        if each.problem:
            raise ValidationError("context", f"{each.name}: {each.problem}")
    return described


def _given(entry: Any, namespace: Namespace) -> Described:
    if type(entry) is str:
        name = entry.removeprefix("@")
        if not namespace.has(name):
            raise ValidationError(
                "context", "has a text that names nothing here; give values by name: context={'name': value}."
            )
        return _named(name, namespace)
    return describe(entry, namespace.name_of(entry), namespace=namespace.names)


def _named(name: str, namespace: Namespace) -> Described:
    try:
        found = namespace.find(name)
    except ConduitError as error:
        return Described(name=name, problem=str(error))
    except Exception as error:  # noqa: BLE001 - anybody's code: it is told and costs no other value
        return Described(name=name, problem=f"It could not be described: {error_line(error)}.")
    hides_all = is_secret_name(name) and found.draft.kind in {"text", "value"}
    return finished(found.draft, name, hides_all=hides_all, also_masked=found.masked)


def within_budget(described: Iterable[Described], room: int = CONTEXT_BYTES) -> list[Described]:
    """Return descriptions that go together in one message: the later ones as there is room."""
    left = room
    kept = []
    for each in described:
        fitting = without_room(each, left, CONTEXT_BYTES)
        left -= fitting.size
        kept.append(fitting)
    return kept
