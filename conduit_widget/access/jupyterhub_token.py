"""A hub's token in exchange for the JupyterHub token of one's own server, which its kernels inherit."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Final

import msgspec

from conduit_widget.access.local_hub import MintedToken
from conduit_widget.errors import UNREADABLE, AuthenticationError, ConnectionFailedError

EXCHANGE_VARIABLE: Final = "CONDUIT_HUB_EXCHANGE"
JUPYTERHUB: Final = "jupyterhub"
USER_VARIABLE: Final = "JUPYTERHUB_USER"
API_TOKEN_VARIABLE: Final = "JUPYTERHUB_API_TOKEN"  # noqa: S105 - a variable's name
_TIMEOUT: Final = 10.0


@dataclass(frozen=True)
class JupyterHubToken:
    """Asks a hub for a token; two for one hub are equal, so that widgets share a connection.

    ``url`` is the address of the exchange.
    """

    url: str
    is_read_only: bool = False

    def __call__(self) -> str:
        """Return a new token.

        Raises:
            AuthenticationError: the hub, or JupyterHub, does not accept this server's token.
            ConnectionFailedError: no answer.

        """
        import httpx2  # noqa: PLC0415 - who has another token does not load it

        token = os.environ.get(API_TOKEN_VARIABLE, "")
        request = httpx2.Request(
            "POST",
            self.url,
            headers={"authorization": f"Bearer {token}"},
            content=b'{"readOnly":true}' if self.is_read_only else b"",
            extensions={"timeout": httpx2.Timeout(_TIMEOUT).as_dict()},
        )
        try:
            with httpx2.HTTPTransport(trust_env=False) as transport:
                response = transport.handle_request(request)
                body = response.read()
            if response.status_code == 200:
                return msgspec.json.decode(body, type=MintedToken).access_token
        except (httpx2.HTTPError, OSError, *UNREADABLE) as error:
            raise ConnectionFailedError(
                f"The hub gave no token ({type(error).__name__}); it will be tried again."
            ) from None
        if response.status_code in {401, 403}:
            raise AuthenticationError(
                "The hub does not accept this server's JupyterHub token: is it told the same JupyterHub?",
                response.status_code,
            )
        raise ConnectionFailedError(f"The hub gave no token (HTTP {response.status_code}).")
