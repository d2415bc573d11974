"""What ``config.toml`` and the environment may say of providers: every field, what it takes, its variable.

Files and variables are checked by the tables :data:`PROVIDER_FIELDS` and :data:`FAILOVER_FIELDS`, and the
reference in ``notebooks/reference`` is made of them.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from conduit_widget.errors import SettingsError
from conduit_widget.text.pasted import pasted
from conduit_widget.text.plain_text import is_plain, shown

MAX_NAME_CHARS: Final = 64
MAX_MODELS: Final = 1000
MAX_PRIORITY: Final = 1000
MAX_COUNT: Final = 1_000_000_000
MAX_SECONDS: Final = 86400.0
_SHOWN_CHARS: Final = 64

_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_HEADER: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}")
_OWN_HEADERS: Final = frozenset(
    ("accept-encoding", "authorization", "connection", "content-length", "content-type", "host", "x-api-key")
)


class Shape(NamedTuple):
    """What a field takes. ``says`` completes "must be …".

    ``read`` returns the value of a field of the file, ``parse`` that of a variable's text; both raise
    ``ValueError`` for what the field does not take.
    """

    says: str
    read: Callable[[Any], Any]
    parse: Callable[[str], Any]


class Field(NamedTuple):
    """One field: its dotted ``path``, what it takes, its default in words, its meaning and its variable."""

    path: str
    shape: Shape
    default: str
    meaning: str
    variable: str | None = None


def read_table(raw: Any, fields: Iterable[Field], place: str) -> dict[str, Any]:
    """Return the values of a table of the file, by the paths of their fields.

    Raises:
        SettingsError: a field is unknown or has a value it does not take; the text names it.

    """
    return dict(_walk(raw, {field.path: field for field in fields}, place, ""))


def read_variables(environ: Mapping[str, str], fields: Iterable[Field]) -> dict[str, Any]:
    """Return the values that variables give to fields, by the fields' paths. An empty one gives none.

    Raises:
        SettingsError: a variable has a value its field does not take; the text names the variable.

    """
    found = {}
    for field in fields:
        text = pasted(environ.get(field.variable, "")) if field.variable else ""
        if text:
            try:
                found[field.path] = field.shape.read(field.shape.parse(text))
            except ValueError:
                raise SettingsError(f"{field.variable} must be {field.shape.says}.") from None
    return found


def unknown(place: str, name: str, known: Iterable[str], what: str = "field") -> SettingsError:
    """Return the error for a name in ``place`` that is none of the ``known`` ones; it names the nearest."""
    by_word = {word.lower(): word for word in sorted(known)}
    nearest = difflib.get_close_matches(name.lower(), by_word, 1, 0.5)
    hint = f"the nearest is {by_word[nearest[0]]}" if nearest else f"there are {', '.join(by_word.values())}"
    name = shown(name[:_SHOWN_CHARS])
    return SettingsError(f"{f'{place}.' if place else ''}{name}: there is no such {what}; {hint}.")


def _walk(raw: Any, fields: Mapping[str, Field], place: str, prefix: str) -> Iterator[tuple[str, Any]]:
    if not isinstance(raw, dict):
        raise SettingsError(f"{place} must be a table.")
    for name, value in raw.items():
        path = f"{prefix}{name}"
        where = f"{place}.{shown(name[:_SHOWN_CHARS])}"
        field = fields.get(path)
        if field is not None:
            try:
                yield path, field.shape.read(value)
            except ValueError:
                raise SettingsError(f"{where} must be {field.shape.says}.") from None
        elif any(known.startswith(f"{path}.") for known in fields):
            yield from _walk(value, fields, where, f"{path}.")
        elif path == "api_key":
            raise SettingsError(
                f"{where}: no key may stand here. Put it into a variable and name that in api_key_env,"
                " or into a file of its own and name that in api_key_file."
            )
        else:
            beside = {
                known.removeprefix(prefix).split(".")[0] for known in fields if known.startswith(prefix)
            }
            raise unknown(place, name, beside)


def _text(limit: int, says: str | None = None) -> Shape:
    def read(value: Any) -> str:
        if not isinstance(value, str) or not 0 < len(value.strip()) <= limit or not is_plain(value.strip()):
            raise ValueError
        return value.strip()

    return Shape(says or f"a text of 1 to {limit} characters, none invisible", read, str)


def _whole(least: int, most: int) -> Shape:
    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ValueError
        return value

    return Shape(f"a whole number from {least} to {most}", read, int)


def _number(says: str, most: float, *, is_zero_fine: bool) -> Shape:
    def read(value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError  # noqa: TRY004 - every shape says so
        if not 0 <= value <= most or not (value or is_zero_fine):  # NaN is in no range
            raise ValueError
        return float(value)

    return Shape(says, read, float)


def _choice(*words: str) -> Shape:
    def read(value: Any) -> str:
        if value not in words:
            raise ValueError
        return str(value)

    return Shape(" or ".join(f'"{word}"' for word in words), read, str)


def _pattern(says: str, pattern: re.Pattern[str]) -> Shape:
    def read(value: Any) -> str:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise ValueError
        return value

    return Shape(says, read, str)


def _read_switch(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError  # noqa: TRY004 - every shape says so
    return value


def parse_switch(text: str) -> bool:
    """Return what a variable says that is on or off."""
    word = text.strip().lower()
    if word in {"1", "true", "yes", "on"}:
        return True
    if word in {"0", "false", "no", "off"}:
        return False
    raise ValueError


def _read_names(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not 0 < len(value) <= MAX_MODELS:
        raise ValueError
    return tuple(dict.fromkeys(_MODEL.read(name) for name in value))


def _read_headers(value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or len(value) > 32:
        raise ValueError
    for header, variable in value.items():
        if not _HEADER.fullmatch(header) or header.lower() in _OWN_HEADERS:
            raise ValueError
        _VARIABLE_NAME.read(variable)
    return dict(value)


def _parse_headers(text: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in text.split(","))
    return {header.strip(): variable.strip() for header, _, variable in pairs}


def _read_options(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError  # noqa: TRY004 - every shape says so
    return value


_NAME: Final = _text(MAX_NAME_CHARS)
_MODEL: Final = _text(128)
_ADDRESS: Final = _text(2048, "an address such as http://127.0.0.1:8000/v1")
_VARIABLE_NAME: Final = _pattern(
    "the name of a variable such as HOUSE_KEY (letters, digits and _), never the key itself", _VARIABLE
)
_SWITCH: Final = Shape("true or false", _read_switch, parse_switch)
_SECONDS: Final = _number(
    f"a number of seconds above 0, {MAX_SECONDS:.0f} at most", MAX_SECONDS, is_zero_fine=False
)
_SECONDS_OR_NONE: Final = _number(
    f"a number of seconds from 0 (no limit) to {MAX_SECONDS:.0f}", MAX_SECONDS, is_zero_fine=True
)
_MONEY: Final = _number("a price of 0 to 1000000 for a million tokens", 1e6, is_zero_fine=True)
_MODELS: Final = Shape(
    f"a list of 1 to {MAX_MODELS} model names of 1 to 128 characters",
    _read_names,
    lambda text: [name.strip() for name in text.split(",")],
)
_HEADERS: Final = Shape(
    "a table of at most 32 headers, each with the name of the variable that holds its value, none of them one"
    " that every request has (Authorization, Content-Type, Host, …)",
    _read_headers,
    _parse_headers,
)
_OPTIONS: Final = Shape("a table", _read_options, str)

PREFIX: Final = "CONDUIT_PROVIDER_"
FAILOVER_PREFIX: Final = "CONDUIT_FAILOVER_"


def _provider(path: str, shape: Shape, default: str, meaning: str, variable: str | None = "") -> Field:
    """Return a field whose variable is made of its path, unless one is given (None: it has none)."""
    own = PREFIX + path.upper().replace(".", "_") if variable == "" else variable
    return Field(path, shape, default, meaning, own)


TIMEOUT_FIELDS: Final = (
    _provider("timeouts.connect", _SECONDS, "5", "Seconds to reach the server."),
    _provider(
        "timeouts.first_token",
        _SECONDS,
        "60; 300 for a server of your own",
        "Seconds to the first token. Every sign of life (a comment, a role, reasoning) begins it again.",
    ),
    _provider(
        "timeouts.idle", _SECONDS, "30; 60 for a server of your own", "Seconds between two signs of life."
    ),
    _provider(
        "timeouts.answer",
        _SECONDS_OR_NONE,
        "600; 1200 for a server of your own",
        "Seconds for the whole answer; 0 is no limit.",
    ),
)

PROVIDER_FIELDS: Final = (
    _provider("name", _NAME, "needed", "What people and `CONDUIT_PROVIDER` call it; each name once."),
    _provider(
        "kind",
        _NAME,
        '"openai"',
        "What speaks to it: `openai`, `anthropic`, `local`, `replay`, or a package's.",
    ),
    _provider("base_url", _ADDRESS, "needed for `openai`", "The API's address.", "CONDUIT_PROVIDER_URL"),
    _provider("api_key_env", _VARIABLE_NAME, "no key", "The variable that holds the key.", None),
    _provider(
        "api_key_file",
        _text(4096, "the path of a file"),
        "no key",
        "The file that holds the key and nothing else, readable by you alone; beside `config.toml` unless "
        "the path is absolute.",
        "CONDUIT_PROVIDER_KEY_FILE",
    ),
    _provider(
        "model",
        _text(1024),
        "the first the server lists",
        "The model that is asked by default; for `local` the name or the path of a GGUF file.",
        "CONDUIT_MODEL",
    ),
    _provider("models", _MODELS, "what the server lists", "The models that are offered."),
    _provider(
        "priority",
        _whole(-MAX_PRIORITY, MAX_PRIORITY),
        "0",
        "The provider with the highest is asked first; of equal ones the first in the file.",
    ),
    _provider(
        "context_tokens",
        _whole(1, MAX_COUNT),
        "8192",
        "Tokens the model holds, question and answer together; of a local model, what is used (2048).",
    ),
    _provider(
        "capabilities.vision",
        _SWITCH,
        "unknown",
        "Whether its models read images. A request with one goes to a provider with true first, to one with "
        "false only where there is no other: it reads [image] instead. Unknown: images are sent, and no more "
        "once they are refused.",
    ),
    _provider(
        "capabilities.tools",
        _SWITCH,
        "unknown",
        "Whether they call tools. Who asks which provider would answer is told; answers do not go by it.",
    ),
    _provider(
        "capabilities.reasoning",
        _SWITCH,
        "unknown",
        "Whether they think before they answer; read like `tools`.",
    ),
    _provider("capabilities.system", _SWITCH, "unknown", "Whether they obey system messages; only kept."),
    _provider(
        "limits.requests_per_minute",
        _whole(1, MAX_COUNT),
        "none",
        "Requests a minute that one hub process sends; see below.",
    ),
    _provider(
        "limits.tokens_per_minute",
        _whole(1, MAX_COUNT),
        "none",
        "Tokens a minute that one hub process sends; see below.",
    ),
    _provider("price.input", _MONEY, "unknown", "Price of a million tokens of questions."),
    _provider("price.output", _MONEY, "unknown", "Price of a million tokens of answers."),
    _provider(
        "price.currency",
        _pattern("three capital letters such as USD", re.compile("[A-Z]{3}")),
        '"USD"',
        "The currency of both.",
    ),
    *TIMEOUT_FIELDS,
    _provider(
        "headers_env", _HEADERS, "none", "Further headers, each with the variable that holds its value."
    ),
    _provider(
        "file",
        _text(4096, "the path of a file"),
        "needed for `replay`",
        "The recorded answers that `replay` plays; beside `config.toml` unless the path is absolute.",
    ),
    _provider(
        "record_from",
        _NAME,
        "nobody",
        "The provider that `replay` asks what is not in its file, to record it there; without one such a "
        "question is refused.",
    ),
    _provider(
        "pace",
        _choice("recorded", "instant"),
        '"recorded"',
        "Whether `replay` takes as long as the model once did, or plays at once.",
    ),
    _provider("options", _OPTIONS, "none", "What only this kind of provider knows.", None),
)

FAILOVER_FIELDS: Final = (
    Field(
        "policy",
        _choice("continue", "stop"),
        '"continue"',
        "When a provider fails in mid-answer: the next one continues the text, or the text ends there.",
        FAILOVER_PREFIX + "POLICY",
    ),
    Field(
        "attempts",
        _whole(1, 10),
        "3",
        "How many providers one message may be sent to.",
        FAILOVER_PREFIX + "ATTEMPTS",
    ),
    Field(
        "seconds",
        _SECONDS,
        "600",
        "No further provider is asked once so many seconds have gone by without text.",
        FAILOVER_PREFIX + "SECONDS",
    ),
    Field(
        "order",
        _choice("priority", "latency"),
        '"priority"',
        "Who is asked next: by priority, or the one that is fastest at present.",
        FAILOVER_PREFIX + "ORDER",
    ),
)
