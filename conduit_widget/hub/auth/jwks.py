"""Tokens of a site's identity provider: EdDSA and ES256, verified with the public keys it publishes (JWKS).

The keys are kept and fetched again when they grow old, or when a token names one that is not there: a new key
of the provider works at once, and forged key names cost one request an interval at most. A fetch that fails
keeps the keys there are.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2
import jwt
import msgspec

from conduit_widget.contract import ErrorText
from conduit_widget.errors import AuthenticationError, HubStartError
from conduit_widget.hub.auth.local_authority import (
    JWT_ERRORS,
    JWT_OPTIONS,
    MAX_TOKEN_CHARS,
    NO_CREDENTIAL,
    Credential,
    principal_of,
    reason_of,
)
from conduit_widget.hub.auth.principal import Principal
from conduit_widget.hub.http import LOOPBACK_HOSTS
from conduit_widget.nesting import is_json_too_deep

ALGORITHMS: Final = ("EdDSA", "ES256")
# What a key must be for an algorithm: the header of a token never decides how its key is used.
_KEY_KINDS: Final = {"EdDSA": ("OKP", ("Ed25519", "Ed448")), "ES256": ("EC", ("P-256",))}
MAX_KEY_SET_BYTES: Final = 256 * 1024
MAX_KEYS: Final = 100
MAX_KEY_ID_CHARS: Final = 256
FETCH_TIMEOUT: Final = 5.0
# Not compressed: the limit is one of what arrives.
_HEADERS: Final = {"accept": "application/json", "accept-encoding": "identity"}

_logger = logging.getLogger(__name__)

Fetch = Callable[[], Awaitable[bytes]]


class _KeySet(msgspec.Struct, frozen=True):
    keys: list[dict[str, Any]]


class JwksAuthority:
    """Verifies an issuer's tokens; an ``Authenticator``. Times in seconds.

    ``source`` is the key set's ``https`` URL (``http`` on loopback only) or a file. Keys are used by their
    ``kid``, which a token must name. They are fetched again after ``max_age``, and for a token with an
    unknown key, but at most once in ``interval``. ``leeway`` forgives the issuer a clock that is ahead of
    ours; an expired token is never forgiven.

    Raises:
        ValueError: an algorithm is not one of :data:`ALGORITHMS`, or the URL is neither https nor loopback.
        HubStartError: the package ``cryptography`` is missing.

    """

    def __init__(
        self,
        source: str | Path,
        issuer: str,
        audience: str,
        algorithms: Sequence[str] = ALGORITHMS,
        *,
        max_age: float = 300.0,
        interval: float = 10.0,
        leeway: float = 5.0,
        fetch: Fetch | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if not algorithms or not set(algorithms) <= set(ALGORITHMS):
            raise ValueError(f"The algorithms of a site's tokens are {' and '.join(ALGORITHMS)}.")
        if not issuer or not audience:
            raise ValueError("A site's tokens need an issuer and an audience.")
        if not jwt.algorithms.has_crypto:
            raise HubStartError(
                "A site's tokens (EdDSA, ES256) need the package cryptography:"
                " pip install 'conduit-widget[site]'"
            )
        self._algorithms = list(algorithms)
        self._issuer = issuer
        self._audience = audience
        self._max_age = max_age
        self._interval = interval
        self._leeway = leeway
        self._clock = clock
        self._fetch = fetch or _fetch_from(source)
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched_at: float | None = None
        self._tried_at: float | None = None
        self._refreshing: asyncio.Task[None] | None = None
        self._jwt = jwt.PyJWT(options=JWT_OPTIONS)

    def __repr__(self) -> str:
        return f"JwksAuthority(issuer={self._issuer!r}, keys={len(self._keys)})"

    async def authenticate(self, credential: Credential | None) -> Principal:
        """Accept the issuer's tokens; see ``Authenticator``."""
        if credential is None:
            raise AuthenticationError(ErrorText.AUTHENTICATION_REQUIRED, reason=NO_CREDENTIAL)
        reason = ""
        if credential.kind == "bearer" and len(credential.value) <= MAX_TOKEN_CHARS:
            try:
                return await self._verify(credential.value)
            except JWT_ERRORS as error:
                reason = reason_of(error)  # for the log: which check failed is nobody else's business
        raise AuthenticationError(ErrorText.INVALID_AUTHENTICATION, reason=reason)

    async def _verify(self, token: str) -> Principal:
        header = jwt.get_unverified_header(token)
        key_id, algorithm = header.get("kid"), header.get("alg")
        if algorithm not in self._algorithms:
            raise jwt.InvalidAlgorithmError
        if not isinstance(key_id, str) or not 0 < len(key_id) <= MAX_KEY_ID_CHARS:
            raise jwt.InvalidKeyError
        key = await self._key(key_id)
        if key is None or key.algorithm_name != algorithm:
            raise jwt.InvalidKeyError
        claims: dict[str, Any] = self._jwt.decode(
            token,
            key,
            algorithms=self._algorithms,
            audience=self._audience,
            issuer=self._issuer,
            leeway=self._leeway,
        )
        principal = principal_of(claims)
        if principal.expires_at <= time.time():
            raise jwt.ExpiredSignatureError
        return principal

    # The keys

    async def _key(self, key_id: str) -> jwt.PyJWK | None:
        """Return the issuer's key of that name, fetching the key set where that may help."""
        old = self._fetched_at is None or self._clock() - self._fetched_at > self._max_age
        if old or key_id not in self._keys:
            # Also for a key we know: the issuer may have withdrawn it, however long nobody came.
            task = self._begin_refresh()
            if task is not None:
                await asyncio.shield(task)
        return self._keys.get(key_id)

    def _begin_refresh(self) -> asyncio.Task[None] | None:
        """Return the fetch under way, a new one, or None where the last one was just now."""
        if self._refreshing is not None and not self._refreshing.done():
            return self._refreshing
        now = self._clock()
        if self._tried_at is not None and now - self._tried_at < self._interval:
            return None
        self._tried_at = now
        self._refreshing = asyncio.get_running_loop().create_task(self._fetch_keys())
        return self._refreshing

    async def _fetch_keys(self) -> None:
        try:
            keys = _read_keys(await self._fetch(), self._algorithms)
        except (httpx2.HTTPError, OSError, msgspec.MsgspecError, ValueError, RecursionError) as error:
            _logger.warning(
                "The key set of the tokens cannot be had (%s); %d known keys stay in use.",
                type(error).__name__,
                len(self._keys),
            )
            return
        self._keys = keys
        self._fetched_at = self._clock()


def _read_keys(data: bytes, algorithms: Sequence[str]) -> dict[str, jwt.PyJWK]:
    """Return the usable public keys of a key set by their ids; others are left out."""
    if len(data) > MAX_KEY_SET_BYTES:
        raise ValueError("The key set is too large.")
    if is_json_too_deep(data):
        raise ValueError("The key set nests too deeply.")
    found = msgspec.json.decode(data, type=_KeySet).keys[:MAX_KEYS]
    keys: dict[str, jwt.PyJWK] = {}
    for item in found:
        key = _read_key(item, algorithms)
        if key is not None:
            keys.setdefault(item["kid"], key)
    if not keys:
        raise ValueError("The key set has no key that could be used.")
    if len(keys) < len(found):
        _logger.info("%d keys of the key set are not used here.", len(found) - len(keys))
    return keys


def _read_key(item: dict[str, Any], algorithms: Sequence[str]) -> jwt.PyJWK | None:
    key_id = item.get("kid")
    if not isinstance(key_id, str) or not key_id or "d" in item or item.get("use", "sig") != "sig":
        return None  # a private key in a public place is no key any more
    for algorithm in algorithms:
        kind, curves = _KEY_KINDS[algorithm]
        if item.get("kty") != kind or item.get("crv") not in curves:
            continue
        if item.get("alg", algorithm) not in (algorithm, item["crv"]):
            continue
        try:
            return jwt.PyJWK(item, algorithm)
        except JWT_ERRORS:
            return None
    return None


def _fetch_from(source: str | Path) -> Fetch:
    if isinstance(source, Path) or "://" not in source:
        path = Path(source)
        return lambda: asyncio.to_thread(_read_file, path)
    parts = urlsplit(source)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK_HOSTS):
        raise ValueError("A key set comes over https (or http from this machine), or from a file.")

    async def fetch() -> bytes:
        body = bytearray()
        async with (
            asyncio.timeout(FETCH_TIMEOUT),
            httpx2.AsyncClient(timeout=FETCH_TIMEOUT, trust_env=parts.scheme == "https") as http,
            http.stream("GET", source, headers=_HEADERS) as response,
        ):
            if response.status_code != 200:
                raise ValueError("The key set is not there.")
            async for data in response.aiter_raw():
                body += data
                if len(body) > MAX_KEY_SET_BYTES:
                    raise ValueError("The key set is too large.")
        return bytes(body)

    return fetch


def _read_file(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_KEY_SET_BYTES + 1)
