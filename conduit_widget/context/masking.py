"""Secrets in what goes to a model are replaced by ``[masked]``, and their kinds are told.

Known by their shape (keys of services, tokens, private keys), by the name they stand under (``password=``),
or by their value, where a variable of this process's environment or of the ``.env`` file beside the notebook
has it under such a name. No list is complete: what is shown before it is sent is the last word.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, NamedTuple

MASK: Final = "[masked]"
UNDER_ITS_NAME: Final = "secret under its name"
MAX_ENV_FILE_BYTES: Final = 64 * 1024
_LEAST_VALUE_CHARS: Final = 8
_WORKING_DIRECTORY: Final = "PWD"  # a shell's, no password

_WORDS: Final = (
    r"(?:pass(?:word|wd|phrase)|pwd|secret|token|credentials?|api[_-]?key|access[_-]?key|private[_-]?key"
    r"|auth[_-]?key|account[_-]?key|signing[_-]?key|encryption[_-]?key|client[_-]?key)"
)
_NAMED: Final = re.compile(rf"(?:^|[_.-]){_WORDS}s?(?:$|[_.-])|^(?:pw|key)$|_(?:key|pw)$", re.IGNORECASE)
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_COUNTED: Final = re.compile(
    r"(?:^|_)(?:max|min|num|n|total|prompt|completion|input|output|per|used)_", re.IGNORECASE
)


class _Rule(NamedTuple):
    kind: str
    pattern: re.Pattern[str]
    """Its group ``secret`` is replaced, or all that it matches."""


def _rule(kind: str, pattern: str) -> _Rule:
    return _Rule(kind, re.compile(pattern))


_RULES: Final = (
    _rule(
        "private key",
        r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,10}-----(?:[^-]|-(?!----)){0,20000}"
        r"(?:-----END [A-Z0-9 ]{0,40}-----)?",
    ),
    _rule(
        "API key",
        r"\b(?:sk|rk|pk)[-_](?:[A-Za-z]{2,8}[-_]){0,2}[A-Za-z0-9_-]{16,}"
        r"|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bAIza[0-9A-Za-z_-]{30,}|\bgh[opsur]_[A-Za-z0-9]{30,}"
        r"|\bgithub_pat_[A-Za-z0-9_]{20,}|\bglpat-[A-Za-z0-9_-]{16,}|\bxox[abeoprs]-[A-Za-z0-9-]{10,}"
        r"|\bhf_[A-Za-z0-9]{20,}|\bnpm_[A-Za-z0-9]{30,}|\bpypi-[A-Za-z0-9_-]{30,}|\bSG\.[\w-]{16,}\.[\w-]{16,}"
        r"|\bcondt_[A-Za-z0-9_-]{16,}|\bya29\.[\w-]{20,}|\bdop_v1_[0-9a-f]{32,}|\bgsk_[A-Za-z0-9]{20,}",
    ),
    _rule("token", r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"),
    _rule("token", r"(?i)\b(?:bearer|basic)\s+(?P<secret>[A-Za-z0-9+/._~-]{8,}=*)"),
    _rule(
        "password in an address",
        r"\b[A-Za-z][A-Za-z0-9+.-]{1,30}://[^\s:/@'\"]{0,200}:(?P<secret>[^\s@'\"]{1,500})@",
    ),
    _rule(
        UNDER_ITS_NAME,
        r"(?i)[?&](?:[a-z0-9_-]{0,40}(?:token|key|secret|password|signature|sig))=(?P<secret>[^&\s'\"]{4,})",
    ),
    _rule(
        UNDER_ITS_NAME,
        rf"(?i)(?<![A-Za-z0-9])(?:[A-Za-z0-9]{{1,40}}[_.-]){{0,4}}{_WORDS}(?:[_-][A-Za-z0-9]{{1,20}}){{0,2}}['\"]?"
        r"\s{0,4}(?:=>|:=|[:=])\s{0,4}[rbuf]{0,2}(?P<quote>['\"])(?P<secret>(?:(?!(?P=quote))[^\n]){1,2000})(?P=quote)",
    ),
    _rule(
        UNDER_ITS_NAME,
        rf"(?im)^[ \t]*(?:export[ \t]+)?(?:[A-Za-z0-9]{{1,40}}[_.-]){{0,4}}{_WORDS}"
        r"(?:[_-][A-Za-z0-9]{1,20}){0,2}[ \t]*[:=][ \t]*(?P<secret>[^\s'\"(\[{$,;][^\s'\"(\[{,;]{3,})[ \t]*$",
    ),
    _rule(
        UNDER_ITS_NAME,
        r"(?i)\b(?:password|pwd|accountkey|sharedaccesskey)=(?P<secret>[^;\s'\"]{3,})(?=;|\s|['\"]|$)",
    ),
)


def is_secret_name(name: str) -> bool:
    """Whether what stands under a name is meant to be known to few: ``API_KEY``, ``dbPassword``.

    >>> is_secret_name("OPENAI_API_KEY"), is_secret_name("max_tokens"), is_secret_name("keys")
    (True, False, False)
    """
    words = _CAMEL.sub("_", name[:200])
    return bool(_NAMED.search(words)) and not _COUNTED.search(words)


def masked(text: str, known: Iterable[str] = ()) -> tuple[str, list[str]]:
    """Return a text with its secrets replaced, and their kinds, each once.

    ``known`` are values to replace wherever they stand; see :func:`known_secrets`.
    """
    kinds: dict[str, None] = {}
    for value in known:
        if value in text:
            text = text.replace(value, MASK)
            kinds["value of an environment variable"] = None
    for rule in _RULES:
        text, count = rule.pattern.subn(_replaced, text)
        if count:
            kinds[rule.kind] = None
    return text, list(kinds)


def _replaced(found: re.Match[str]) -> str:
    if "secret" not in found.re.groupindex:
        return MASK
    start, end = found.span("secret")
    start, end = start - found.start(), end - found.start()
    return f"{found[0][:start]}{MASK}{found[0][end:]}"


def known_secrets(environment: Mapping[str, str] | None = None, env_file: Path | None = None) -> list[str]:
    """Return the values that a secret's name has in the environment or in ``.env``, the longest first.

    Without arguments those of this process and its working directory.
    """
    entries = list((os.environ if environment is None else environment).items())
    try:
        with (env_file or Path(".env")).open("rb") as file:
            entries += env_entries(file.read(MAX_ENV_FILE_BYTES).decode(errors="replace"))
    except OSError:
        pass  # there is none, or it is not ours to read
    values = {
        value
        for name, value in entries
        if is_secret_name(name) and name != _WORKING_DIRECTORY and len(value) >= _LEAST_VALUE_CHARS
    }
    return sorted(values, key=len, reverse=True)


_ENV_LINE: Final = re.compile(
    r"^[ \t]*(?:export[ \t]+)?([A-Za-z_][\w.]*)[ \t]*=[ \t]*(.*?)[ \t]*$", re.MULTILINE
)


def env_entries(text: str) -> list[tuple[str, str]]:
    """Return the names and values of a ``.env`` file."""
    return [(found[1], found[2].strip("'\"")) for found in _ENV_LINE.finditer(text)]


def masked_env(text: str) -> tuple[str, list[str]]:
    """Return a ``.env`` file without any of its values."""
    hidden, count = _ENV_LINE.subn(lambda found: f"{found[1]}={MASK}", text)
    return hidden, ["values of .env"] if count else []


def is_env_file(path: Path) -> bool:
    """Whether a file holds settings that are kept out of sight: ``.env``, ``.env.local``, ``prod.env``."""
    return path.name.lower().startswith(".env") or path.suffix.lower() == ".env"
