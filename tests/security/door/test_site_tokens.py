"""Tokens of a site's identity provider: what is let in, what is refused, and how keys come and go."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import logging
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as rsa_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from conduit_widget.contract import ErrorText
from conduit_widget.errors import AuthenticationError
from conduit_widget.hub.auth.jwks import JwksAuthority
from conduit_widget.hub.auth.local_authority import Credential
from conduit_widget.hub.auth.principal import Principal
from tests.support.hub.site_tokens import AUDIENCE, ISSUER, IdentityProvider, site_claims
from tests.support.network.raw_http_server import RawHttpServer, RawReply, RawRequest


@pytest.fixture
def site() -> IdentityProvider:
    """A provider with one key of each kind."""
    provider = IdentityProvider()
    provider.add("ed")
    provider.add("ec", curve="P-256")
    return provider


def authority(site: IdentityProvider, **options: Any) -> JwksAuthority:
    """An authority that trusts the site."""
    return JwksAuthority("https://unused", ISSUER, AUDIENCE, fetch=site.fetch, **options)


class Clock:
    """Seconds that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


async def accepted(tested: JwksAuthority, token: str) -> Principal:
    """Return who is let in."""
    return await tested.authenticate(Credential("bearer", token))


async def refused(tested: JwksAuthority, token: str) -> None:
    """Expect the one text that tells nothing."""
    with pytest.raises(AuthenticationError) as caught:
        await tested.authenticate(Credential("bearer", token))
    assert str(caught.value) == ErrorText.INVALID_AUTHENTICATION


@pytest.mark.parametrize("key_id", ["ed", "ec"])
async def test_token_of_the_site_names_its_user(site: IdentityProvider, key_id: str) -> None:
    """EdDSA and ES256 tokens speak for their subject, with the roles they carry."""
    token = site.token(key_id, roles=["operator"])
    user = await accepted(authority(site), token)
    assert (user.user_id, user.user_name, user.token_id) == ("ann", "Ann", "t1")
    assert user.roles == {"operator"}


def _segment(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def _hs256_with_public_key(site: IdentityProvider) -> str:
    """The classic confusion: the public key's text as the secret of an HMAC (PyJWT itself would refuse)."""
    key = site.keys["ec"].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    signed = f"{_segment({'alg': 'HS256', 'kid': 'ec'})}.{_segment(site_claims())}"
    signature = hmac.new(key, signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def _header(site: IdentityProvider, **changes: Any) -> str:
    """A good token under a header somebody changed."""
    _, body, signature = site.token("ed").split(".")
    return f"{_segment({'alg': 'EdDSA', 'kid': 'ed', **changes})}.{body}.{signature}"


BAD: dict[str, Callable[[IdentityProvider], str]] = {
    "none": lambda site: jwt.encode(site_claims(), "", algorithm="none", headers={"kid": "ed"}),
    "no signature": lambda site: site.token("ed").rsplit(".", 1)[0] + ".",
    "HS256 with the public key": _hs256_with_public_key,
    "RS256": lambda site: jwt.encode(
        site_claims(), rsa_key(65537, 2048), algorithm="RS256", headers={"kid": "ed"}
    ),
    "ES256 named EdDSA": lambda site: _header(site, kid="ec"),
    "EdDSA named ES256": lambda site: _header(site, alg="ES256"),
    "algorithm list": lambda site: _header(site, alg=["EdDSA"]),
    "unknown kid": lambda site: _header(site, kid="other"),
    "another key's kid": lambda site: site.token("ec", headers={"kid": "ed"}),
    "no kid": lambda site: _header(site, kid=None),
    "kid is a number": lambda site: _header(site, kid=7),
    "kid is a path": lambda site: _header(site, kid="../../etc/passwd"),
    "kid is huge": lambda site: _header(site, kid="k" * 3000),
    "own key inside": lambda site: _header(site, kid=None, jwk=site.public("ed")),
    "critical header": lambda site: _header(site, crit=["x"], x=1),
    "wrong audience": lambda site: site.token("ed", aud="other"),
    "audience list": lambda site: site.token("ed", aud=[AUDIENCE]),
    "audience prefix": lambda site: site.token("ed", aud=AUDIENCE + "x"),
    "wrong issuer": lambda site: site.token("ed", iss="https://id.example.org.evil.com"),
    "issuer with a slash": lambda site: site.token("ed", iss=ISSUER + "/"),
    "expired": lambda site: site.token("ed", exp=int(time.time()) - 1),
    "expired within the leeway": lambda site: site.token("ed", exp=int(time.time())),
    "not yet": lambda site: site.token("ed", nbf=int(time.time()) + 30),
    "issued in the future": lambda site: site.token("ed", iat=int(time.time()) + 30),
    "expiry is text": lambda site: site.token("ed", exp="tomorrow"),
    "empty subject": lambda site: site.token("ed", sub=""),
    "invisible subject": lambda site: site.token("ed", sub="ann\u202e"),
    **{
        f"no {name}": lambda site, name=name: site.token("ed", **{name: None})  # type: ignore[misc]
        for name in ("exp", "iat", "nbf", "aud", "iss", "sub", "jti")
    },
    "tampered": lambda site: site.token("ed")[:-4] + "AAAA",
    "garbage": lambda site: "a.b.c",
    "deep header": lambda site: base64.urlsafe_b64encode(b"[" * 4000).decode() + ".e30.AA",
    "too long": lambda site: site.token("ed", name="x" * 9000),
    "opaque": lambda site: "condt_" + "x" * 43,
}


@pytest.mark.parametrize("name", BAD)
async def test_wrong_site_token_is_refused_and_not_logged(
    site: IdentityProvider, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever is wrong with a token: one text, and no line of any log holds it."""
    caplog.set_level(logging.DEBUG)
    token = BAD[name](site)
    await refused(authority(site), token)
    for part in filter(lambda part: len(part) > 20, (token, *token.split("."))):
        assert part not in caplog.text


async def test_issuers_clock_may_be_a_little_ahead(site: IdentityProvider) -> None:
    """A token from three seconds in the future is good; the leeway prolongs no token."""
    ahead = int(time.time()) + 3
    await accepted(authority(site), site.token("ed", iat=ahead, nbf=ahead))
    strict = authority(site, leeway=0)
    await refused(strict, site.token("ed", nbf=int(time.time()) + 3))


async def test_old_and_new_key_are_good_while_the_site_rotates(site: IdentityProvider) -> None:
    """A new key works at once, the old one until it is withdrawn; neither needs a restart."""
    clock = Clock()
    tested = authority(site, clock=clock, interval=10, max_age=300)
    old = site.token("ed")
    await accepted(tested, old)
    site.add("new")
    clock.now = 11
    await accepted(tested, site.token("new"))
    await accepted(tested, old)
    site.published.remove("ed")
    clock.now = 400
    await refused(tested, old)
    await accepted(tested, site.token("new"))


async def test_forged_key_names_cost_one_request_an_interval(site: IdentityProvider) -> None:
    """A thousand unknown key names at once are one fetch; so are those of the next ten seconds."""
    clock = Clock()
    tested = authority(site, clock=clock, interval=10)
    forged = [_header(site, kid=f"forged-{number}") for number in range(1000)]
    await asyncio.gather(*(refused(tested, token) for token in forged))
    for clock.now in (1.0, 5.0, 9.9):
        await refused(tested, forged[0])
    assert site.fetches == 1
    clock.now = 10.1
    await asyncio.gather(*(refused(tested, token) for token in forged))
    assert site.fetches == 2
    await accepted(tested, site.token("ed"))


@pytest.mark.parametrize(
    "answer", [OSError("down"), TimeoutError(), b"", b"[]", b'{"keys":[]}', b"[" * 5000, b" " * 300_000]
)
async def test_failing_fetch_keeps_the_known_keys(
    site: IdentityProvider, answer: bytes | Exception, caplog: pytest.LogCaptureFixture
) -> None:
    """A key set that cannot be had, read or used changes nothing; it is asked for again later."""
    clock = Clock()
    tested = authority(site, clock=clock, max_age=300, interval=10)
    good = site.token("ed")
    await accepted(tested, good)
    healthy = site.key_set
    if isinstance(answer, Exception):
        site.error = answer
    else:
        site.key_set = lambda: answer  # type: ignore[method-assign]
    for clock.now in (301.0, 305.0, 320.0):
        await accepted(tested, good)
    assert site.fetches == 3
    assert "stay in use" in caplog.text
    site.error, site.key_set = None, healthy  # type: ignore[method-assign]
    site.add("new")
    clock.now = 340.0
    await accepted(tested, site.token("new"))


async def test_unusable_keys_of_the_set_are_left_out(site: IdentityProvider) -> None:
    """Secrets, encryption keys, leaked private keys, other curves, nameless and broken keys sign nothing."""
    secret = base64.urlsafe_b64encode(b"k" * 40).rstrip(b"=").decode()
    leaked = {**site.public("ed"), "kid": "leaked", "d": "AAAA"}
    site.extra = [
        {"kty": "oct", "k": secret, "kid": "oct", "alg": "HS256"},
        {**site.public("ed"), "kid": "enc", "use": "enc"},
        {**site.public("ec"), "kid": "other alg", "alg": "ES512"},
        {**site.public("ec"), "kid": "other curve", "crv": "secp256k1"},
        {**site.public("ed"), "kid": "broken", "x": "!"},
        {**site.public("ed"), "kid": None},
        {**site.public("ec"), "kid": "ed"},
        leaked,
    ]
    tested = authority(site)
    await accepted(tested, site.token("ed"))
    for key_id in ("enc", "leaked", "broken"):
        await refused(tested, site.token("ed", headers={"kid": key_id}))
    for key_id in ("other alg", "other curve"):
        await refused(tested, site.token("ec", headers={"kid": key_id}))
    await refused(tested, jwt.encode(site_claims(), b"k" * 40, "HS256", headers={"kid": "oct"}))


async def test_only_the_configured_algorithms_are_taken(site: IdentityProvider) -> None:
    """A site that signs with EdDSA takes no ES256; HS256 and RS256 cannot be configured at all."""
    tested = authority(site, algorithms=["EdDSA"])
    await accepted(tested, site.token("ed"))
    await refused(tested, site.token("ec"))
    for wrong in (["HS256"], ["RS256"], ["none"], ["EdDSA", "HS256"], []):
        with pytest.raises(ValueError, match="EdDSA and ES256"):
            authority(site, algorithms=wrong)


@pytest.mark.parametrize("source", ["http://id.example.org/keys", "http://localhost.evil.com/k", "ftp://x/k"])
def test_key_set_does_not_come_over_an_open_line(source: str) -> None:
    """Whoever can change the key set in transit would be everybody."""
    with pytest.raises(ValueError, match="https"):
        JwksAuthority(source, ISSUER, AUDIENCE)


async def test_key_set_of_a_file_is_read_again_when_a_new_key_is_in_it(
    site: IdentityProvider, tmp_path: Path
) -> None:
    """A file serves like a URL."""
    path, clock = tmp_path / "keys.json", Clock()
    path.write_bytes(site.key_set())
    tested = JwksAuthority(path, ISSUER, AUDIENCE, clock=clock)
    await accepted(tested, site.token("ed"))
    site.add("new")
    path.write_bytes(site.key_set())
    clock.now = 11
    await accepted(tested, site.token("new"))


async def test_key_set_comes_over_http_and_redirects_are_not_followed(site: IdentityProvider) -> None:
    """The keys are where the operator says, nowhere else; a fault there refuses, no more."""
    answers = ["redirect", "error", "endless", "good"]

    async def script(request: RawRequest, reply: RawReply) -> None:
        answer = answers.pop(0)
        if answer == "redirect":
            await reply.json({}, status=302, headers={"Location": "/elsewhere"})
        elif answer == "error":
            await reply.json({"keys": []}, status=500)
        elif answer == "endless":
            await reply.raw(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
            while not request.closed.is_set():
                await reply.raw(b" " * 65536)
        else:
            await reply.json(json.loads(site.key_set()))

    clock, good = Clock(), site.token("ed")
    async with RawHttpServer(script) as server:
        url = f"http://127.0.0.1:{server.port}/keys.json"
        tested = JwksAuthority(url, ISSUER, AUDIENCE, clock=clock)
        for clock.now in (0.0, 20.0, 40.0):
            await refused(tested, good)
        clock.now = 60.0
        await accepted(tested, good)
        assert [request.path for request in server.requests] == ["/keys.json"] * 4


async def test_no_credential_asks_for_one(site: IdentityProvider) -> None:
    """Nothing and something else than a token have different texts; neither costs a fetch."""
    with pytest.raises(AuthenticationError, match=ErrorText.AUTHENTICATION_REQUIRED):
        await authority(site).authenticate(None)
    with pytest.raises(AuthenticationError, match=ErrorText.INVALID_AUTHENTICATION):
        await authority(site).authenticate(Credential("api_key", site.token("ed")))
    assert site.fetches == 0


def test_missing_package_is_named_with_the_extra_that_brings_it() -> None:
    """Without ``cryptography`` the hub says in one line what to install; nothing else needs it."""
    code = """
import sys
sys.modules["cryptography"] = None
import conduit_widget, conduit_widget.app
from conduit_widget.errors import HubStartError
from conduit_widget.hub.auth.jwks import JwksAuthority
try:
    JwksAuthority("https://id.example/keys", "issuer", "audience")
except HubStartError as error:
    print(error)
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    [line] = said.splitlines()
    assert line.endswith(": pip install 'conduit-widget[site]'")


async def test_key_set_that_nests_too_deeply_is_not_used(site: IdentityProvider) -> None:
    """Whatever its keys are: a decoder that gives up at another level than ours never sees it."""
    nested = site.key_set()[:-1] + b',"x":' + b"[" * 40 + b"]" * 40 + b"}"
    site.key_set = lambda: nested  # type: ignore[method-assign]
    await refused(authority(site), site.token("ed"))
