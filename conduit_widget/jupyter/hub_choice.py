"""Which hub the pages of this server use, and who of its users the hub lets it speak for.

The hub of this machine's user takes everybody whom Jupyter has let in. A shared hub takes nobody's word:
under JupyterHub it knows the owner of the server by the server's own token, elsewhere the token that the
administrator gave speaks for the owner alone.
"""

from __future__ import annotations

import os

from conduit_widget.access.hub_access import (
    HubAccess,
    LocalHub,
    exchanges_jupyterhub_tokens,
    jupyterhub_access,
    local_identity,
    resolve_access,
)
from conduit_widget.access.jupyterhub_token import API_TOKEN_VARIABLE, EXCHANGE_VARIABLE, JUPYTERHUB
from conduit_widget.credentials import TOKEN_VARIABLE, URL_VARIABLE
from conduit_widget.errors import AuthenticationError
from conduit_widget.jupyter.identity import Person


def tell_kernels(hub_url: str) -> None:
    """Put into the environment which shared hub kernels use, and with what token."""
    if hub_url:
        os.environ[URL_VARIABLE] = hub_url
        if os.environ.get(API_TOKEN_VARIABLE) and not os.environ.get(TOKEN_VARIABLE):
            os.environ[EXCHANGE_VARIABLE] = JUPYTERHUB


def choose_hub(person: Person, *, may_write: bool) -> HubAccess:
    """Return the hub and who the person is there.

    Raises:
        AuthenticationError: a shared hub does not let this server speak for the user.
        ConnectionFailedError: the configured address is none.

    """
    url, identity = os.environ.get(URL_VARIABLE), person.identity
    if not url:
        return LocalHub(
            identity,
            is_read_only=not may_write,
            initials=person.initials,
            color=person.color or "",
            picture=person.picture,
        )
    access: HubAccess
    if exchanges_jupyterhub_tokens():
        access = jupyterhub_access(url, "hub_url", is_read_only=not may_write)
        is_owner = identity.user_id == access.identity.user_id
    else:
        access = resolve_access()
        is_owner = may_write and identity == local_identity()
    if not is_owner:
        raise AuthenticationError("The hub knows only the owner of this server: use a server of your own.")
    return access
