"""From wire arguments to a hub method's typed parameters, with refusals that name what is wrong.

A refusal names the argument, the limit or the type expected, and the path; never the content.
"""

from __future__ import annotations

import collections.abc
import inspect
import re
import typing
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import msgspec

from conduit_widget.errors import HubException
from conduit_widget.hub.calls.authorization import Authorize
from conduit_widget.hub.mismatch import describe_mismatch
from conduit_widget.nesting import MAX_DEPTH, is_too_deep

_UPLOADS: Final = (
    collections.abc.AsyncIterator,
    collections.abc.AsyncIterable,
    collections.abc.AsyncGenerator,
)
_FIELD_NAME: Final = re.compile("[a-zA-Z][a-zA-Z_]{0,31}")


@dataclass(frozen=True)
class HubMethod:
    """One callable method: its wire name, the attribute that holds it and its parameters' wire names.

    A parameter annotated ``AsyncIterator[T]`` (or ``AsyncIterable``) is an upload: a stream from the client,
    which travels beside the arguments. ``authorize`` says who may call it, ``reads`` that whoever may only
    read may as well, ``scopes`` those of principals who may do nothing else.
    """

    name: str
    attribute: str
    is_stream: bool
    parameters: tuple[str, ...]
    required: int
    function: Callable[..., Any] = field(repr=False)
    python_names: tuple[str, ...] = field(repr=False, default=())
    authorize: Authorize | None = field(repr=False, default=None)
    reads: bool = field(repr=False, default=False)
    scopes: frozenset[str] = field(repr=False, default=frozenset())

    @cached_property
    def types(self) -> tuple[Any, ...]:
        """The parameters' types, resolved on first use (annotations may name later definitions)."""
        return tuple(self._hints.get(name, Any) for name in self.python_names)

    @cached_property
    def upload_types(self) -> dict[int, Any]:
        """Which parameters are uploads, by position, and the type of their items."""
        uploads: dict[int, Any] = {}
        for position, kind in enumerate(self.types):
            if (typing.get_origin(kind) or kind) in _UPLOADS:
                uploads[position] = (*typing.get_args(kind), Any)[0]
        return uploads

    @cached_property
    def argument_positions(self) -> tuple[int, ...]:
        """The positions of the parameters that are bound from the arguments."""
        return tuple(index for index in range(len(self.parameters)) if index not in self.upload_types)

    @cached_property
    def _plain_types(self) -> tuple[type | None, ...]:
        """For each parameter the class whose values need no conversion, if there is one."""
        return tuple(str if kind is str else dict if kind == dict[str, Any] else None for kind in self.types)

    @cached_property
    def is_void(self) -> bool:
        """Whether the method is declared to return nothing; its completion then carries no result."""
        return self._hints.get("return", type(None)) is type(None)

    @cached_property
    def _hints(self) -> dict[str, Any]:
        return typing.get_type_hints(self.function, include_extras=True)

    def bind(self, arguments: Sequence[Any], uploads: Sequence[Any] = ()) -> list[Any]:
        """Return the arguments converted to the parameters' types, uploads in their places.

        Raises:
            HubException: wrong number or type of arguments; the text names them, never the content.

        """
        positions = self.argument_positions
        required = self.required - len(self.upload_types)
        if not required <= len(arguments) <= len(positions):
            raise HubException(self._arity_text(len(arguments), required))
        bound = []
        for position, argument in zip(positions, arguments, strict=False):
            if type(argument) is str and self._plain_types[position] is str:
                bound.append(argument)
                continue
            if is_too_deep(argument, MAX_DEPTH + isinstance(argument, dict)):
                raise HubException(self._depth_text(self.parameters[position], argument))
            if _is_plain(argument, self._plain_types[position]):
                bound.append(argument)
                continue
            try:
                bound.append(msgspec.convert(argument, self.types[position]))
            except msgspec.ValidationError as error:
                name = self.parameters[position]
                raise HubException(f"{self.name}: argument '{name}': {describe_mismatch(error)}") from error
        for position, upload in zip(self.upload_types, uploads, strict=True):
            if position > len(bound):
                raise HubException(self._arity_text(len(arguments), len(positions)))
            bound.insert(position, upload)
        return bound

    def _depth_text(self, name: str, argument: Any) -> str:
        """Name the argument, of an object the field where it looks like one: other keys are content."""
        fields = argument.items() if isinstance(argument, dict) else ()
        found = [key for key, value in fields if is_too_deep(value) and _FIELD_NAME.fullmatch(str(key))]
        what = f"{name}.{found[0]}" if found else f"argument '{name}'"
        return f"{self.name}: {what} nests more than {MAX_DEPTH} levels deep"

    def _arity_text(self, given: int, required: int) -> str:
        positions = self.argument_positions
        wanted = f"{required}" if required == len(positions) else f"{required} to {len(positions)}"
        noun = "argument" if wanted == "1" else "arguments"
        names = ", ".join(self.parameters[position] for position in positions)
        return f"{self.name}: expected {wanted} {noun}{f' ({names})' if names else ''}, got {given}"


def _is_plain(argument: Any, wanted: type | None) -> bool:
    """Whether an argument is of the class already; of an object all keys must be text."""
    kind = type(argument)
    if kind is not wanted:
        return False
    return wanted is str or all(type(key) is str for key in argument)


def describe(
    name: str,
    attribute: str,
    function: Callable[..., Any],
    authorize: Authorize | None = None,
    *,
    reads: bool = False,
    scopes: frozenset[str] = frozenset(),
) -> HubMethod:
    """Read a method's signature.

    Raises:
        TypeError: the method is neither a coroutine function nor an async generator, or lacks ``caller``.

    """
    is_stream = inspect.isasyncgenfunction(function)
    if not is_stream and not inspect.iscoroutinefunction(function):
        raise TypeError(f"Hub method {name} must be 'async def'.")
    parameters = list(inspect.signature(function).parameters.values())[1:]
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    if not parameters or any(parameter.kind not in positional for parameter in parameters):
        raise TypeError(f"Hub method {name} must take (self, caller, …) and positional arguments only.")
    arguments = parameters[1:]
    return HubMethod(
        name=name,
        attribute=attribute,
        is_stream=is_stream,
        parameters=tuple(_camel(parameter.name) for parameter in arguments),
        required=sum(parameter.default is inspect.Parameter.empty for parameter in arguments),
        function=function,
        python_names=tuple(parameter.name for parameter in arguments),
        authorize=authorize,
        reads=reads,
        scopes=scopes,
    )


def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)
