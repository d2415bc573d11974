"""``conduit_widget.configure``: what later chats of this kernel or script begin with."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Final, Literal

import msgspec

from conduit_widget.access.defaults import Defaults, defaults, set_defaults
from conduit_widget.access.hub_access import resolve_access
from conduit_widget.errors import ConduitError, ValidationError
from conduit_widget.widget.answers.question import check_kinds

LANGUAGES: Final = ("", "en", "de", "es", "zh")


class _Unchanged(Enum):
    """Stands for a setting that was not named."""

    UNCHANGED = "unchanged"


UNCHANGED: Final = _Unchanged.UNCHANGED
_Same = Literal[_Unchanged.UNCHANGED]


def configure(
    *,
    hub_url: str | _Same | None = UNCHANGED,
    token: str | Callable[[], str | None] | _Same | None = UNCHANGED,
    user: str | _Same | None = UNCHANGED,
    user_name: str | _Same | None = UNCHANGED,
    language: str | _Same | None = UNCHANGED,
    model: str | _Same | None = UNCHANGED,
    provider: str | _Same | None = UNCHANGED,
    height: int | _Same | None = UNCHANGED,
) -> Defaults:
    """Set what chats begin with that are made from now on, and return what is set.

    Arguments of ``Chat(…)`` and of its methods come first, then what is configured, then the environment
    (``CONDUIT_HUB_URL``, ``CONDUIT_HUB_TOKEN``, ``CONDUIT_USER``, ``CONDUIT_USER_NAME``). What is not named
    stays as it is; None takes a setting away::

        import conduit_widget

        conduit_widget.configure(hub_url="https://hub.example", token=my_token, language="de", model="gpt-4o")

    ``model`` and ``provider`` answer every question, of Python and of the views, that names neither. The
    token is shown to the configured hub only. Who has the views of a chat keeps its language and height.

    Raises:
        ValidationError: a setting no chat would take; nothing is changed then.
        ConnectionFailedError: ``hub_url`` is not an address.
        AuthenticationError: ``token`` is none.

    """
    given = {
        "hub_url": hub_url,
        "token": token,
        "user": user,
        "user_name": user_name,
        "language": language,
        "model": model,
        "provider": provider,
        "height": height,
    }
    changes = {name: value for name, value in given.items() if value is not UNCHANGED}
    before, after = defaults(), msgspec.structs.replace(defaults(), **changes)
    _check(after)
    set_defaults(after)
    try:
        resolve_access()
    except ConduitError:
        set_defaults(before)
        raise
    return after


def _check(settings: Defaults) -> None:
    for name in ("hub_url", "user", "user_name"):
        value = getattr(settings, name)
        if value is not None and not isinstance(value, str):
            raise ValidationError(name, f"must be a string, not {type(value).__name__}.")
    token = settings.token
    if token is not None and not isinstance(token, str) and not callable(token):
        raise ValidationError("token", f"must be a string or a function, not {type(token).__name__}.")
    check_kinds({"model": settings.model, "provider": settings.provider})
    if settings.language is not None:
        check_language(settings.language)
    if settings.height is not None:
        check_height(settings.height)


def check_language(language: object) -> str:
    """Return a language that the view speaks.

    Raises:
        ValidationError: it speaks no such one.

    """
    if language not in LANGUAGES:
        raise ValidationError("language", "must be one of en, de, es, zh; empty for the browser's.")
    return str(language)


def check_height(height: object) -> int:
    """Return a height in px.

    Raises:
        ValidationError: it is none.

    """
    if isinstance(height, bool) or not isinstance(height, int) or height < 0:
        raise ValidationError("height", "must be a whole number of px, 0 for the default.")
    return height
