"""An identity provider for tests: real EdDSA and ES256 keys, their key set, tokens signed with them."""

from __future__ import annotations

import json
import time
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import ECAlgorithm, OKPAlgorithm

ISSUER = "https://id.example.org"
AUDIENCE = "conduit-site"

PrivateKey = Ed25519PrivateKey | EllipticCurvePrivateKey


class IdentityProvider:
    """Holds private keys by id and publishes the public ones; ``fetches`` counts who asked."""

    def __init__(self) -> None:
        self.keys: dict[str, PrivateKey] = {}
        self.published: list[str] = []
        self.extra: list[dict[str, Any]] = []
        self.fetches = 0
        self.error: Exception | None = None

    def add(self, key_id: str, *, curve: str = "Ed25519") -> PrivateKey:
        """Make a key and publish it."""
        key: PrivateKey = (
            Ed25519PrivateKey.generate() if curve == "Ed25519" else generate_private_key(SECP256R1())
        )
        self.keys[key_id] = key
        self.published.append(key_id)
        return key

    def public(self, key_id: str) -> dict[str, Any]:
        """Return a public key as it stands in the key set."""
        key = self.keys[key_id]
        if isinstance(key, Ed25519PrivateKey):
            body = OKPAlgorithm.to_jwk(key.public_key(), as_dict=True)
        else:
            body = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
        return {**body, "kid": key_id, "use": "sig"}

    def key_set(self) -> bytes:
        """Return the key set as published now."""
        return json.dumps({"keys": [*map(self.public, self.published), *self.extra]}).encode()

    async def fetch(self) -> bytes:
        """Serve the key set."""
        self.fetches += 1
        if self.error is not None:
            raise self.error
        return self.key_set()

    def token(self, key_id: str, *, headers: dict[str, Any] | None = None, **claims: Any) -> str:
        """Return a token signed with a key; claims that are None are left out."""
        key = self.keys[key_id]
        algorithm = "EdDSA" if isinstance(key, Ed25519PrivateKey) else "ES256"
        return jwt.encode(
            site_claims(**claims), key, algorithm=algorithm, headers={"kid": key_id, **(headers or {})}
        )


def site_claims(**changes: Any) -> dict[str, Any]:
    """Return the claims of a good token, changed; None leaves one out."""
    now = int(time.time())
    claims = {
        **{"sub": "ann", "name": "Ann", "aud": AUDIENCE, "iss": ISSUER, "jti": "t1"},
        **{"iat": now, "nbf": now, "exp": now + 60},
        **changes,
    }
    return {name: value for name, value in claims.items() if value is not None}
