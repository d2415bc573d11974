"""From wire arguments to a hub method's typed parameters, with refusals that name what is wrong.

A refusal names the argument, the limit or the type expected, and the path; never the content.
"""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import msgspec

from conduit_widget.errors import HubException

_ECHO: Final = re.compile(r"^Invalid (?:enum )?value\b.*?(?= - at `\$[\w.\[\]]*`\Z|\Z)", re.DOTALL)
# The key a client made up may look like a path: the whole rest goes.
_UNKNOWN_FIELD: Final = re.compile(r"unknown field `.*\Z", re.DOTALL)


@dataclass(frozen=True)
class HubMethod:
    """One callable method: its wire name, the attribute that holds it and its parameters' wire names."""

    name: str
    attribute: str
    is_stream: bool
    parameters: tuple[str, ...]
    required: int
    function: Callable[..., Any] = field(repr=False)
    python_names: tuple[str, ...] = field(repr=False, default=())

    @cached_property
    def types(self) -> tuple[Any, ...]:
        """The parameters' types, resolved on first use (annotations may name later definitions)."""
        return tuple(self._hints.get(name, Any) for name in self.python_names)

    @cached_property
    def is_void(self) -> bool:
        """Whether the method is declared to return nothing; its completion then carries no result."""
        return self._hints.get("return", type(None)) is type(None)

    @cached_property
    def _hints(self) -> dict[str, Any]:
        return typing.get_type_hints(self.function, include_extras=True)

    def bind(self, arguments: Sequence[Any]) -> list[Any]:
        """Return the arguments converted to the parameters' types.

        Raises:
            HubException: wrong number or type of arguments; the text names them, never the content.

        """
        if not self.required <= len(arguments) <= len(self.parameters):
            raise HubException(self._arity_text(len(arguments)))
        bound = []
        for name, kind, argument in zip(self.parameters, self.types, arguments, strict=False):
            try:
                bound.append(msgspec.convert(argument, kind))
            except msgspec.ValidationError as error:
                raise HubException(f"{self.name}: argument '{name}': {describe_mismatch(error)}") from error
        return bound

    def _arity_text(self, given: int) -> str:
        wanted = (
            f"{self.required}"
            if self.required == len(self.parameters)
            else (f"{self.required} to {len(self.parameters)}")
        )
        noun = "argument" if wanted == "1" else "arguments"
        names = f" ({', '.join(self.parameters)})" if self.parameters else ""
        return f"{self.name}: expected {wanted} {noun}{names}, got {given}"


def describe(name: str, attribute: str, function: Callable[..., Any]) -> HubMethod:
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
    )


def describe_mismatch(error: msgspec.ValidationError) -> str:
    """Return msgspec's text without the values it may quote (enum values, tags, unknown keys)."""
    return _UNKNOWN_FIELD.sub("unknown field", _ECHO.sub("Unexpected value", str(error)))


def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)
