"""The kinds of providers, by name: ours, and those of other packages.

A package adds a kind with an entry point of the group ``conduit_widget.providers``, which names a
:class:`ProviderKind`::

    [project.entry-points."conduit_widget.providers"]
    acme = "acme_models.provider:KIND"

``kind = "acme"`` in ``config.toml`` then makes its providers. Ours are entry points, too, in a table here:
nothing of a kind is imported before it is used.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Final

import msgspec

from conduit_widget.errors import ProviderError
from conduit_widget.providers import failures, guarded
from conduit_widget.providers.provider import Provider
from conduit_widget.providers.provider_config import (
    ANTHROPIC_KIND,
    LOCAL_KIND,
    OPENAI_KIND,
    REPLAY_KIND,
    ProviderConfig,
)
from conduit_widget.providers.reading.provider_words import ProviderWords
from conduit_widget.text.plain_text import plain_name

_logger = logging.getLogger(__name__)

MAX_NOTE_CHARS: Final = 200
GROUP: Final = "conduit_widget.providers"
_OURS: Final = {
    kind: EntryPoint(kind, f"conduit_widget.providers.{module}:KIND", GROUP)
    for kind, module in (
        (OPENAI_KIND, "openai.adapter"),
        (ANTHROPIC_KIND, "anthropic.adapter"),
        (LOCAL_KIND, "local.server"),
        (REPLAY_KIND, "replay.player"),
    )
}


class ProviderContext(msgspec.Struct, frozen=True, kw_only=True):
    """What a hub gives a provider besides its configuration.

    Call ``on_headers`` with the headers of each response, so that people see the rate limits they state.
    ``words`` lets no key pass that the hub knows. ``models_dir`` is where models of this machine are kept.
    Call ``on_note`` with a line that people see beside the provider while it is well ("Loading the model").
    ``other(name)`` returns another provider of the hub, of another kind; it raises ``ProviderError`` where
    there is none.
    """

    on_headers: Callable[[Mapping[str, str]], None]
    words: ProviderWords
    models_dir: Path
    on_note: Callable[[str], None] = lambda _note: None
    other: Callable[[str], Provider] = failures.no_other


def _never(_config: ProviderConfig) -> bool:
    return False


class ProviderKind(msgspec.Struct, frozen=True, kw_only=True):
    """``build`` makes a provider of its configuration, without asking anything over the network.

    ``note`` is shown beside a healthy provider of the kind. ``fixed_models``: no other model than those it
    lists can be asked for. ``prefills``: such a provider goes on with an answer whose beginning is the last
    message; others are told to. ``reads_images``: whether its models do where no configuration says so; None:
    nobody knows, it is tried.
    """

    build: Callable[[ProviderConfig, ProviderContext], Provider]
    note: str = ""
    fixed_models: bool = False
    prefills: Callable[[ProviderConfig], bool] = _never
    reads_images: bool | None = None


def names() -> list[str]:
    """Return the kinds that can be configured; none of them is imported for that."""
    return sorted({*_OURS, *(entry.name for entry in entry_points(group=GROUP))})


def load(kind: str) -> ProviderKind:
    """Return a kind; one of another package that cannot be imported costs a line in the log.

    Raises:
        ProviderError: there is none of that name, or its package is broken.

    """
    found = [_OURS[kind]] if kind in _OURS else list(entry_points(group=GROUP, name=kind))
    if not found:
        raise ProviderError(
            f"There is no kind of providers called {kind!r}. Choose one of: {', '.join(names())}.",
            code="unknown_kind",
            recoverable=False,
        )
    try:
        loaded = found[0].load()
    except (Exception, SystemExit) as error:
        raise _broken(kind, found[0], type(error).__name__) from error
    if not isinstance(loaded, ProviderKind):
        raise _broken(kind, found[0], "it is no ProviderKind")
    note: object = loaded.note
    if not isinstance(note, str):
        raise _broken(kind, found[0], f"its note is {type(note).__name__}, not str")
    return msgspec.structs.replace(loaded, note=plain_name(note, MAX_NOTE_CHARS))


def prefills(kind: ProviderKind, config: ProviderConfig) -> bool:
    """Return whether a provider of the kind goes on with an answer that was begun.

    Raises:
        ProviderError: its kind cannot say.

    """
    try:
        return bool(kind.prefills(config))
    except (Exception, SystemExit) as error:
        raise _unmade(config, type(error).__name__) from error


def build(kind: ProviderKind, config: ProviderConfig, context: ProviderContext) -> Provider:
    """Make a provider; one of another package is held to what the seam allows.

    Raises:
        ProviderError: its kind does not accept the configuration.

    """
    try:
        provider = kind.build(config, context)
    except ProviderError:
        raise
    except (Exception, SystemExit) as error:
        raise _unmade(config, type(error).__name__) from error
    if config.kind in _OURS:
        return provider
    if lacks := guarded.missing(provider):
        raise _unmade(config, f"{type(provider).__name__} has no {', '.join(lacks)}")
    return guarded.GuardedProvider(provider, config, context.words)


def _unmade(config: ProviderConfig, why: str) -> ProviderError:
    _logger.warning("Provider %s of kind %s cannot be made: %s", config.name, config.kind, why)
    return ProviderError(
        f"{config.name} cannot be made by its kind {config.kind!r} ({why}). Check its settings.",
        code=guarded.BROKEN,
        recoverable=False,
    )


def _broken(kind: str, entry: EntryPoint, why: str) -> ProviderError:
    _logger.warning("The kind of providers %r (%s) cannot be used: %s", kind, entry.value, why)
    return ProviderError(
        f"The package of the kind of providers {kind!r} cannot be used ({why}). Install it again.",
        code=guarded.BROKEN,
        recoverable=False,
    )
