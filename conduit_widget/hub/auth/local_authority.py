"""The local authority's tokens (HS256), and where a request carries its credential."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

import jwt

from conduit_widget.contract import (
    ACCESS_CLAIM,
    COLOR_CLAIM,
    INITIALS_CLAIM,
    MAX_ID_CHARS,
    PICTURE_CLAIM,
    READ_ONLY_ACCESS,
    TOKEN_AUDIENCE,
    TOKEN_ISSUER,
    ErrorText,
)
from conduit_widget.errors import AuthenticationError
from conduit_widget.hub.auth.principal import Principal
from conduit_widget.hub.http import HttpRequest
from conduit_widget.nesting import MAX_DEPTH, is_too_deep
from conduit_widget.text.plain_text import is_user_id, plain_name

_ALGORITHM: Final = "HS256"
MIN_SECRET_BYTES: Final = 32
MAX_TOKEN_CHARS: Final = 8 * 1024
# PyJWT checks none of these unless told to.
JWT_OPTIONS: Final[Any] = {
    "require": ["exp", "iat", "nbf", "aud", "iss", "sub", "jti"],
    "strict_aud": True,
    "enforce_minimum_key_length": True,
}
# What reading a hostile token may raise; deep nesting ends in the recursion limit.
JWT_ERRORS: Final = (jwt.PyJWTError, ValueError, TypeError, RecursionError)

NO_CREDENTIAL: Final = "there is no token or key"
REVOKED: Final = "it is revoked"
_UNREADABLE: Final = "it cannot be read"


class UnfitSubjectError(ValueError):
    """A token's subject is no user id."""


class TooDeepError(ValueError):
    """A token's claims nest too deeply."""


# Fixed texts for the log: PyJWT's own may quote the token's header or claims. The first that fits counts.
_REASONS: Final[tuple[tuple[type[Exception], str], ...]] = (
    (jwt.ExpiredSignatureError, "it has expired"),
    (jwt.ImmatureSignatureError, "it is not valid yet: do the clocks agree?"),
    (jwt.InvalidIssuedAtError, "it is not valid yet: do the clocks agree?"),
    (jwt.InvalidAudienceError, "it is for another audience"),
    (jwt.InvalidIssuerError, "it is of another issuer"),
    (jwt.MissingRequiredClaimError, "a claim is missing"),
    (jwt.exceptions.InvalidSubjectError, "its subject is no user id"),
    (UnfitSubjectError, f"its subject is no user id: 1 to {MAX_ID_CHARS} characters that can be seen"),
    (TooDeepError, f"its claims nest more than {MAX_DEPTH} levels deep"),
    (jwt.exceptions.InvalidJTIError, "its id is no text"),
    (jwt.InvalidSignatureError, "it is not signed with a key of this hub"),
    (jwt.InvalidAlgorithmError, "it is signed with another algorithm"),
    (jwt.InvalidKeyError, "its key id is unknown, or missing"),
)

SecretSource = Callable[[], Sequence[bytes]]
"""Gives the secrets valid now: the one that signs first, then those still accepted."""


@dataclass(frozen=True, slots=True)
class Credential:
    """The credential of a request: a JWT (``bearer``) or an opaque key (``api_key``); never shown."""

    kind: Literal["bearer", "api_key"]
    value: str

    def __repr__(self) -> str:
        return f"Credential(kind={self.kind!r})"


class Authenticator(Protocol):
    """Turns a credential into an identity."""

    async def authenticate(self, credential: Credential | None) -> Principal:
        """Return who the credential speaks for.

        Raises:
            AuthenticationError: there is none, or it is not accepted; the text is for people.

        """
        ...


def read_credential(request: HttpRequest, *, in_query: bool) -> Credential | None:
    """Return the request's credential: query token, query key (both only ``in_query``), Bearer, X-API-Key."""
    if in_query and (token := request.query.get("access_token")):
        return Credential("bearer", token)
    if in_query and (key := request.query.get("api_key")):
        return Credential("api_key", key)
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and value.strip():
        return Credential("bearer", value.strip())
    key = request.headers.get("x-api-key")
    return Credential("api_key", key) if key else None


def reason_of(error: Exception) -> str:
    """Return, for the log, which check of a JWT failed: a fixed text that has no part of the token."""
    return next((text for kind, text in _REASONS if isinstance(error, kind)), _UNREADABLE)


class LocalAuthority:
    """Issues and verifies HS256 tokens with a secret of this machine.

    ``secret`` signs; tokens signed with one of ``previous`` are accepted while a rotation lasts. A source in
    place of a secret is asked at every use, so that a rotation needs no restart.

    Raises:
        ValueError: a secret is shorter than 32 bytes.

    """

    def __init__(
        self,
        secret: bytes | SecretSource,
        previous: Sequence[bytes] = (),
        *,
        audience: str = TOKEN_AUDIENCE,
        issuer: str = TOKEN_ISSUER,
    ) -> None:
        fixed = () if callable(secret) else (secret, *previous)
        self._secrets: SecretSource = secret if callable(secret) else lambda: fixed
        if any(len(item) < MIN_SECRET_BYTES for item in self._secrets()):
            raise ValueError(f"A signing secret needs at least {MIN_SECRET_BYTES} bytes.")
        self._audience = audience
        self._issuer = issuer
        self._jwt = jwt.PyJWT(options=JWT_OPTIONS)

    def __repr__(self) -> str:
        return f"LocalAuthority(issuer={self._issuer!r}, keys={len(self._secrets())})"

    def issue(
        self,
        user_id: str,
        user_name: str,
        ttl: float,
        *,
        is_read_only: bool = False,
        initials: str = "",
        color: str = "",
        picture: str = "",
    ) -> str:
        """Return a token for a user, good for ``ttl`` seconds from now.

        ``initials``, ``color`` and ``picture`` (an address) are how others see the user; left out, the hub
        chooses.
        """
        now = time.time()
        claims = {
            "sub": user_id,
            "name": user_name,
            "aud": self._audience,
            "iss": self._issuer,
            "iat": int(now),
            "nbf": int(now),
            "exp": int(now + ttl),
            "jti": secrets.token_hex(16),
            **({ACCESS_CLAIM: READ_ONLY_ACCESS} if is_read_only else {}),
            **({INITIALS_CLAIM: initials} if initials else {}),
            **({COLOR_CLAIM: color} if color else {}),
            **({PICTURE_CLAIM: picture} if picture else {}),
        }
        return self._jwt.encode(claims, self._secrets()[0], algorithm=_ALGORITHM)

    def verify(self, token: str) -> Principal:
        """Return who a token speaks for.

        Raises:
            AuthenticationError: expired, not yet valid, for another audience, badly signed or incomplete.

        """
        secrets_now = self._secrets() if len(token) <= MAX_TOKEN_CHARS else ()
        reason = _UNREADABLE
        for secret in secrets_now:
            try:
                return principal_of(self._decode(token, secret))
            except JWT_ERRORS as error:
                reason = reason_of(error)
                if not isinstance(error, jwt.InvalidSignatureError):
                    break
        raise AuthenticationError(ErrorText.INVALID_AUTHENTICATION, reason=reason)

    async def authenticate(self, credential: Credential | None) -> Principal:
        """Accept this authority's own tokens; see :class:`Authenticator`."""
        if credential is None:
            raise AuthenticationError(ErrorText.AUTHENTICATION_REQUIRED, reason=NO_CREDENTIAL)
        if credential.kind != "bearer":
            raise AuthenticationError(ErrorText.INVALID_AUTHENTICATION)  # somebody else's to judge
        return self.verify(credential.value)

    def _decode(self, token: str, secret: bytes) -> dict[str, Any]:
        claims: dict[str, Any] = self._jwt.decode(
            token,
            secret,
            algorithms=[_ALGORITHM],
            audience=self._audience,
            issuer=self._issuer,
        )
        return claims


def principal_of(claims: dict[str, Any]) -> Principal:
    """Return who verified claims speak for; the name is made fit to be shown, the id must be already.

    Raises:
        UnfitSubjectError: the subject is empty, too long, cannot be seen, or has characters that cannot.
        TooDeepError: the claims nest too deeply.

    """
    user_id = claims["sub"]
    if not is_user_id(user_id):
        raise UnfitSubjectError("The subject is no user id.")
    if is_too_deep(claims):
        raise TooDeepError("The claims nest too deeply.")
    name = claims.get("name")
    shown = plain_name(name, MAX_ID_CHARS) if isinstance(name, str) else ""
    return Principal(
        user_id=user_id,
        user_name=shown or user_id,
        token_id=claims["jti"],
        expires_at=float(claims["exp"]),
        claims=claims,
    )
