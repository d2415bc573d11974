"""Who the signed-in Jupyter user is in the chat.

An identity provider of the site's own (JupyterHub's, for one) names people, and so does real-time
collaboration, where each browser has a name of its own. Without either Jupyter invents a name for whoever has
the server's token; there, the person in the panel is the one in the kernel: the user of this machine.

A picture on another host tells that host the address of everybody who sees it, and when. So only hosts that
the administrator has named are asked; what comes from the Jupyter server itself, or within the address, is
shown.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from jupyter_server.auth.identity import IdentityProvider, User

from conduit_widget.access.hub_access import Identity, local_identity
from conduit_widget.chat.people.appearance import initials_of
from conduit_widget.contract import MAX_ID_CHARS
from conduit_widget.errors import ValidationError
from conduit_widget.jupyter.identity_source import (
    Source,
    is_collaborative,
    is_made_up,
    names_people,
)
from conduit_widget.text.pictures import host_of, plain_picture
from conduit_widget.text.plain_text import is_user_id, plain_name


class Person(NamedTuple):
    """The signed-in user: their identity on the hub, and how Jupyter shows them."""

    identity: Identity
    initials: str
    color: str | None = None
    picture: str = ""


def person_of(
    user: User,
    source: Source,
    provider: IdentityProvider,
    extensions: Collection[str] = (),
    picture_hosts: Collection[str] = (),
) -> Person:
    """Return who ``user`` is, where ``extensions`` names the server extensions that are on.

    A picture is shown from the server itself and from ``picture_hosts``.

    Raises:
        ValidationError: the hub takes no such user.

    """
    if source == "owner" or (source == "auto" and _is_nameless(user, provider, extensions)):
        identity = local_identity()
        return Person(identity, initials_of(identity.user_name, identity.user_id))
    user_id = user.username
    if len(user_id) > MAX_ID_CHARS:
        raise ValidationError(
            "Jupyter user name", f"has {len(user_id)} characters; the limit is {MAX_ID_CHARS}."
        )
    if not is_user_id(user_id):
        raise ValidationError("Jupyter user name", "must have only characters that can be seen.")
    name = plain_name(user.display_name or user.name or user_id, MAX_ID_CHARS) or user_id
    initials = user.initials or initials_of(name, user_id)
    return Person(Identity(user_id, name), initials, user.color, _picture(user.avatar_url, picture_hosts))


def _is_nameless(user: User, provider: IdentityProvider, extensions: Collection[str]) -> bool:
    if not names_people(provider, extensions):
        return True
    return not is_collaborative(extensions) and is_made_up(user, provider)


def _picture(address: str | None, hosts: Collection[str]) -> str:
    picture = plain_picture(address)
    host = host_of(picture)
    return picture if not host or host in hosts else ""
