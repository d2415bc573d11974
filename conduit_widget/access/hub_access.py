"""Where the hub is and who we are there: url and token factories that are asked at every (re)connect.

:class:`LocalHub` finds or starts this OS user's hub, so whoever reconnects revives a hub that was killed;
:class:`RemoteHub` goes where ``CONDUIT_HUB_URL`` points and starts nothing.
"""

from __future__ import annotations

import asyncio
import base64
import getpass
import os
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlsplit, urlunsplit

import msgspec

from conduit_widget.access import local_hub
from conduit_widget.access.defaults import defaults
from conduit_widget.access.jupyterhub_token import (
    EXCHANGE_VARIABLE,
    JUPYTERHUB,
    USER_VARIABLE,
    JupyterHubToken,
)
from conduit_widget.contract import CHAT_HUB_PATH, EXCHANGE_PATH, MAX_ID_CHARS
from conduit_widget.credentials import TOKEN_VARIABLE, URL_VARIABLE, clean_token, clean_url
from conduit_widget.errors import UNREADABLE, ValidationError
from conduit_widget.runtime_file import HubRuntime, default_data_dir
from conduit_widget.text.plain_text import is_plain


class Identity(NamedTuple):
    """Who we are to the others, as far as that is known before the hub has confirmed it."""

    user_id: str
    user_name: str


class Claim(NamedTuple):
    """Whom a hub will take us for: a ``user`` of its own, or whoever it says that a ``key`` is.

    Neither is known before a function has returned its first token.
    """

    user: str | None = None
    key: str | None = None

    def __repr__(self) -> str:
        return f"Claim(user={self.user!r})"


class HubAccess(Protocol):
    """A hub and an identity there. ``key`` is equal for accesses that may share a connection.

    ``place`` names the hub, without anything secret; it is the same after a restart. ``is_read_only`` where
    it is known that the token may not write.
    """

    identity: Identity
    place: str
    is_read_only: bool

    @property
    def key(self) -> Hashable:
        """Hub and identity; never shown or logged."""

    @property
    def claim(self) -> Claim:
        """Whom the hub will take us for, as far as that is known without asking it."""

    async def url(self) -> str:
        """Return the address of ChatHub now."""

    async def token(self) -> str | None:
        """Return a valid access token."""

    async def token_to_connect(self) -> str | None:
        """Return one for a new connection, which then speaks for whom it names."""


class LocalHub:
    """This OS user's hub, found or started when asked for. With ``is_read_only`` its tokens may not write.

    ``initials``, ``color`` (``#rrggbb``) and ``picture`` (an address) are how others see the user; left out,
    the hub chooses.
    """

    def __init__(
        self,
        identity: Identity,
        data_dir: Path | None = None,
        *,
        is_read_only: bool = False,
        initials: str = "",
        color: str = "",
        picture: str = "",
    ) -> None:
        self.identity = identity
        said = {"initials": initials, "color": color, "picture": picture}
        self._look = {name: value for name, value in said.items() if value}
        self._data_dir = (data_dir or default_data_dir()).expanduser().absolute()
        self.place = f"local {self._data_dir}"
        self.is_read_only = is_read_only
        self._runtime: HubRuntime | None = None

    @property
    def claim(self) -> Claim:
        """The identity: the hub mints a token for it."""
        return Claim(self.identity.user_id)

    @property
    def key(self) -> Hashable:
        """The data directory, which identifies the hub, the identity, and what it may do."""
        return ("local", str(self._data_dir), self.identity, self.is_read_only, *self._look.items())

    async def url(self) -> str:
        """Find or start the hub.

        Raises:
            HubStartError: it could not be started.

        """
        self._runtime = await asyncio.to_thread(local_hub.find_or_start, self._data_dir)
        return hub_url(self._runtime.url, CHAT_HUB_PATH)

    async def token_to_connect(self) -> str:
        """Return a token, as :meth:`token` does."""
        return await self.token()

    async def token(self) -> str:
        """Have the hub mint a token for us.

        Raises:
            AuthenticationError: the hub refused.
            ConnectionFailedError: the hub does not answer.

        """
        if self._runtime is None:
            self._runtime = await asyncio.to_thread(local_hub.find_or_start, self._data_dir)
        minted = await asyncio.to_thread(
            local_hub.mint, self._runtime, *self.identity, is_read_only=self.is_read_only, **self._look
        )
        return minted.access_token


class RemoteHub:
    """A hub somebody else runs; the token says who we are. The sources name url and token in errors.

    Raises:
        ConnectionFailedError: the url is no hub's address.
        AuthenticationError: no HTTP header could carry the token.

    """

    def __init__(
        self,
        url: str,
        token: str | Callable[[], str | None] | None,
        identity: Identity,
        *,
        url_source: str = "hub_url",
        token_source: str = "token",  # noqa: S107 - an argument's name
    ) -> None:
        self._url = hub_url(clean_url(url, url_source), CHAT_HUB_PATH)
        self._token = token if callable(token) else clean_token(token, token_source)
        named = identity_in(self._token) if isinstance(self._token, str) else None
        self.identity = named or identity
        self.place = _without_secrets(self._url)
        self.is_read_only = isinstance(token, JupyterHubToken) and token.is_read_only
        self._presented = self._token if isinstance(self._token, str) else None

    @property
    def claim(self) -> Claim:
        """The subject of the connection's token; where it names none, the token is the key itself."""
        if self._presented is None:
            is_owners = isinstance(self._token, JupyterHubToken)
            return Claim(self.identity.user_id) if is_owners else Claim()
        named = identity_in(self._presented)
        return Claim(key=self._presented) if named is None else Claim(named.user_id)

    @property
    def key(self) -> Hashable:
        """The address and the token itself: two tokens of one user may carry different rights."""
        return ("remote", self._url, self._token)

    async def url(self) -> str:
        """Return the configured address."""
        return self._url

    async def token(self) -> str | None:
        """Return the configured token, asking a callable anew."""
        if not callable(self._token):
            return self._token
        return clean_token(await asyncio.to_thread(self._token), "What the function given as token returned")

    async def token_to_connect(self) -> str | None:
        """Return the token, and let :attr:`claim` be what it says until another connection is made."""
        self._presented = await self.token()
        return self._presented


def resolve_access(
    *,
    hub_url: str | None = None,
    token: str | Callable[[], str | None] | None = None,
    user: str | None = None,
    user_name: str | None = None,
) -> HubAccess:
    """Return the hub to use: the argument's, the configured one, ``CONDUIT_HUB_URL``'s, or the local one.

    The token may be configured (for the configured hub alone) or come from ``CONDUIT_HUB_TOKEN`` (which is
    for the hub of ``CONDUIT_HUB_URL`` alone, where that is set: no other one is shown it). ``user``
    and ``user_name`` (else as configured, else ``CONDUIT_USER`` and ``CONDUIT_USER_NAME``, else the OS user)
    say who we are on the local hub; elsewhere the token does.

    Raises:
        ConnectionFailedError: the address is none.
        AuthenticationError: the token is none.
        ValidationError: an id or a name that no hub takes.

    """
    configured = defaults()
    identity = local_identity(user, user_name)
    if hub_url is None or hub_url == configured.hub_url:  # no other hub is shown the configured one's token
        token = token or configured.token
    hub_url = hub_url or configured.hub_url
    address = hub_url or os.environ.get(URL_VARIABLE)
    if not address:
        return LocalHub(identity)
    of_environment = _environment_token(address)
    if not (hub_url or token or of_environment) and exchanges_jupyterhub_tokens():
        return jupyterhub_access(address, URL_VARIABLE)
    return RemoteHub(
        address,
        token or of_environment,
        identity,
        url_source="hub_url" if hub_url else URL_VARIABLE,
        token_source="token" if token else TOKEN_VARIABLE,
    )


def _environment_token(address: str) -> str | None:
    """Return ``CONDUIT_HUB_TOKEN``, unless it was set for another hub than the one at ``address``."""
    own = os.environ.get(URL_VARIABLE)
    if own and _place(own) != _place(address):
        return None
    return os.environ.get(TOKEN_VARIABLE)


def _place(address: str) -> str:
    return hub_url(address.strip(), CHAT_HUB_PATH)


def exchanges_jupyterhub_tokens() -> bool:
    """Whether the Jupyter server says that its hub takes the JupyterHub token of this server's owner."""
    return os.environ.get(EXCHANGE_VARIABLE) == JUPYTERHUB


def jupyterhub_access(url: str, source: str, *, is_read_only: bool = False) -> RemoteHub:
    """Return the access of this server's owner to a hub that knows the same JupyterHub.

    Raises:
        ConnectionFailedError: the address is none; the text names its ``source``.

    """
    name = os.environ.get(USER_VARIABLE, "")
    token = JupyterHubToken(hub_url(clean_url(url, source), EXCHANGE_PATH), is_read_only)
    return RemoteHub(url, token, Identity(name, name), url_source=source)


def local_identity(user: str | None = None, user_name: str | None = None) -> Identity:
    """Return who we are on the local hub, as the arguments, the configuration, the environment or the OS say.

    Raises:
        ValidationError: an id or a name that no hub takes.

    """
    if not user:
        user, user_name = defaults().user, user_name or defaults().user_name
    user_id = _checked(user, "user") or _checked(os.environ.get("CONDUIT_USER"), "CONDUIT_USER") or _os_user()
    name = _checked(user_name, "user_name")
    if name is None and not user:
        name = _checked(os.environ.get("CONDUIT_USER_NAME"), "CONDUIT_USER_NAME")
    return Identity(user_id, name or user_id)


def _checked(name: object, source: str) -> str | None:
    """Return a person's id or name without white space around it; None where none is given.

    The hub looks closer; this is what is surely no name, said before anything is started for it.

    Raises:
        ValidationError: it is too long, is no text, or has a line end or the like in it.

    """
    if name is None:
        return None
    if not isinstance(name, str):
        raise ValidationError(source, f"must be a string, not {type(name).__name__}.")
    text = name.strip()
    if len(text) > MAX_ID_CHARS:
        raise ValidationError(source, f"has {len(text)} characters; the limit is {MAX_ID_CHARS}.")
    if not is_plain(text):
        raise ValidationError(source, "must not contain line ends, control or invisible characters.")
    return text or None


def _os_user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container's user without an entry in passwd
        return "user"


def hub_url(base: str, path: str) -> str:
    """Join a hub's base address and a hub's path; the query is kept, ws schemes become http."""
    parts = urlsplit(base)
    scheme = {"ws": "http", "wss": "https"}.get(parts.scheme, parts.scheme)
    prefix = parts.path.rstrip("/")
    full = prefix if prefix.endswith(path) else prefix + path
    return urlunsplit((scheme, parts.netloc, full, parts.query, ""))


def _without_secrets(url: str) -> str:
    """Return an address without what may hold a password or a key."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def identity_in(token: str) -> Identity | None:
    """Read who a JWT speaks for, unverified: for display only, the hub decides."""
    claims = _claims(token)
    if claims is None or "sub" not in claims:
        return None
    name = claims.get("name") or claims.get("user_name") or claims["sub"]
    return Identity(str(claims["sub"]), str(name))


def expiry_in(token: str) -> float:
    """Read when a JWT ends (epoch seconds), unverified; 0 where it does not say."""
    expiry = (_claims(token) or {}).get("exp")
    return float(expiry) if isinstance(expiry, int | float) else 0.0


def _claims(token: str) -> dict[str, Any] | None:
    try:
        payload = token.split(".")[1]
        return msgspec.json.decode(
            base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)), type=dict[str, Any]
        )
    except (IndexError, TypeError, ValueError, *UNREADABLE):
        return None
