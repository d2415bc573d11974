"""The ways into a hub, one after the other: the local authority, a site's tokens, opaque keys."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from conduit_widget.contract import ErrorText
from conduit_widget.errors import AuthenticationError, SettingsError
from conduit_widget.hub.auth.jwks import ALGORITHMS, JwksAuthority
from conduit_widget.hub.auth.local_authority import NO_CREDENTIAL, Authenticator, Credential
from conduit_widget.hub.auth.opaque_keys import OpaqueKeys
from conduit_widget.hub.auth.principal import Principal

KEYS_FILE: Final = "keys.json"


class AuthenticatorChain:
    """Asks one authenticator after the other; the first that accepts counts. Refusals all sound alike."""

    def __init__(self, authenticators: Sequence[Authenticator]) -> None:
        self._authenticators = tuple(authenticators)

    async def authenticate(self, credential: Credential | None) -> Principal:
        """Return who the credential speaks for; see ``Authenticator``."""
        if credential is None:
            raise AuthenticationError(ErrorText.AUTHENTICATION_REQUIRED, reason=NO_CREDENTIAL)
        reasons: dict[str, None] = {}
        for authenticator in self._authenticators:
            try:
                return await authenticator.authenticate(credential)
            except AuthenticationError as error:
                if error.reason:
                    reasons[error.reason] = None
        raise AuthenticationError(ErrorText.INVALID_AUTHENTICATION, reason=", or ".join(reasons))


def build_authenticator(
    local: Authenticator | None,
    data_dir: Path,
    *,
    jwks: str | None = None,
    issuer: str | None = None,
    audience: str | None = None,
    algorithms: Sequence[str] = (),
) -> AuthenticatorChain:
    """Return the hub's authenticator: ``local`` where there is one, the site's tokens where ``jwks`` (a URL
    or a file) says who signs them, and the opaque keys of the data directory.

    Raises:
        SettingsError: the site's settings are incomplete or cannot be used.

    """
    ways: list[Authenticator] = [] if local is None else [local]
    if jwks:
        if not issuer or not audience:
            raise SettingsError("jwks needs issuer and audience: the claims a token must have.")
        try:
            ways.append(JwksAuthority(jwks, issuer, audience, tuple(algorithms) or ALGORITHMS))
        except ValueError as error:
            raise SettingsError(f"jwks: {error}") from error
    elif issuer or audience or algorithms:
        raise SettingsError("issuer, audience and algorithms are for tokens of jwks.")
    ways.append(OpaqueKeys(data_dir / KEYS_FILE))
    return AuthenticatorChain(ways)
