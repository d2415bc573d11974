"""Who the signed-in Jupyter user is in the chat.

An identity provider of the site's own (JupyterHub's, for one) names people, and so does real-time
collaboration, where each browser has a name of its own. Without either Jupyter invents a name for whoever has
the server's token; there, the person in the panel is the one in the kernel: the user of this machine.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, NamedTuple

from jupyter_server.auth.identity import IdentityProvider, PasswordIdentityProvider, User

from conduit_widget.access.hub_access import Identity, local_identity
from conduit_widget.contract import MAX_ID_CHARS
from conduit_widget.errors import ValidationError
from conduit_widget.jupyter.identity_source import Source
from conduit_widget.plain_text import is_user_id, plain_name

COLLABORATION: Final = frozenset({"jupyter_server_ydoc", "jupyter_collaboration"})
"""Server extensions under which each browser is a person of its own."""

_NAMELESS: Final = (IdentityProvider, PasswordIdentityProvider)


class Person(NamedTuple):
    """The signed-in user: their identity on the hub, and how Jupyter shows them."""

    identity: Identity
    initials: str
    color: str | None = None
    avatar_url: str | None = None


def person_of(
    user: User, source: Source, provider: IdentityProvider, extensions: Collection[str] = ()
) -> Person:
    """Return who ``user`` is, where ``extensions`` names the server extensions that are on.

    Raises:
        ValidationError: the hub takes no such user.

    """
    if source == "owner" or (source == "auto" and not _names_people(provider, extensions)):
        identity = local_identity()
        return Person(identity, _initials(identity.user_name))
    user_id = user.username
    if len(user_id) > MAX_ID_CHARS:
        raise ValidationError(
            "Jupyter user name", f"has {len(user_id)} characters; the limit is {MAX_ID_CHARS}."
        )
    if not is_user_id(user_id):
        raise ValidationError("Jupyter user name", "must have only characters that can be seen.")
    name = plain_name(user.display_name or user.name or user_id, MAX_ID_CHARS) or user_id
    initials = user.initials or _initials(name)
    return Person(Identity(user_id, name), initials, user.color, user.avatar_url)


def _names_people(provider: IdentityProvider, extensions: Collection[str]) -> bool:
    return type(provider) not in _NAMELESS or not COLLABORATION.isdisjoint(extensions)


def _initials(name: str) -> str:
    return "".join(word[0] for word in name.split()[:2]).upper()
