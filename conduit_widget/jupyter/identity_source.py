"""Where a signed-in user's identity in the chat comes from: the values of ``c.ConduitWidget.identity``."""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from typing import Final, Literal

from jupyter_server.auth.identity import (
    IdentityProvider,
    LegacyIdentityProvider,
    PasswordIdentityProvider,
    User,
)
from jupyter_server.auth.login import LegacyLoginHandler

Source = Literal["auto", "jupyter", "owner"]
SOURCES: Final[tuple[Source, ...]] = ("auto", "jupyter", "owner")

COLLABORATION: Final = frozenset({"jupyter_server_ydoc", "jupyter_collaboration"})
"""Server extensions under which each browser is a person of its own."""

_JUPYTERHUB_USER: Final = "JUPYTERHUB_USER"
_NAMELESS: Final = (IdentityProvider, PasswordIdentityProvider)
_RANDOM: Final = re.compile(r"[0-9a-f]{32}")
_ANONYMOUS: Final = "anonymous"


def names_people(provider: IdentityProvider, extensions: Collection[str]) -> bool:
    """Whether Jupyter knows who its users are; ``extensions`` names the server extensions that are on."""
    return type(provider) not in _NAMELESS or is_collaborative(extensions)


def is_made_up(user: User, provider: IdentityProvider) -> bool:
    """Whether Jupyter has invented the user: somebody has the server's token, and it is not known who."""
    if _RANDOM.fullmatch(user.username) and (user.name or "").lower().startswith(f"{_ANONYMOUS} "):
        return True
    if not isinstance(provider, LegacyIdentityProvider) or user.name != user.username:
        return False
    # A login handler of the site's own says who it is; Jupyter's own one gives each browser a number.
    own, asked = (
        getattr(getattr(handler, "get_user", None), "__func__", None)
        for handler in (LegacyLoginHandler, provider.login_handler_class)
    )
    return asked is own and (user.username == _ANONYMOUS or bool(_RANDOM.fullmatch(user.username)))


def is_collaborative(extensions: Collection[str]) -> bool:
    """Whether each browser is a person of its own; ``extensions`` names the server extensions that are on."""
    return not COLLABORATION.isdisjoint(extensions)


def shares_kernels(source: Source, provider: IdentityProvider, extensions: Collection[str]) -> bool:
    """Whether different people's pages have one kernel; a server that JupyterHub gave somebody is theirs."""
    if source == "owner" or not names_people(provider, extensions):
        return False
    return is_collaborative(extensions) or _JUPYTERHUB_USER not in os.environ
