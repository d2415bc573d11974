"""Tokens: what is accepted, what is refused, and where a credential is read from."""

from __future__ import annotations

import base64
import json
import time
import warnings
from typing import Any

import jwt
import pytest

from conduit_widget.contract import TOKEN_AUDIENCE, TOKEN_ISSUER, ErrorText
from conduit_widget.errors import AuthenticationError
from conduit_widget.hub.auth.local_authority import Credential, LocalAuthority, read_credential
from conduit_widget.hub.http import HttpRequest

SECRET = b"0123456789abcdef0123456789abcdef"
OTHER = b"another secret that is long enough"
DAY = 86400


def _claims(**changes: Any) -> dict[str, Any]:
    """Good for a day: they are made when the tests are collected, long before some of them run."""
    now = int(time.time())
    claims = {
        "sub": "ann",
        "name": "Ann",
        "aud": TOKEN_AUDIENCE,
        "iss": TOKEN_ISSUER,
        "iat": now,
        "nbf": now,
        "exp": now + DAY,
        "jti": "1",
        **changes,
    }
    return {name: value for name, value in claims.items() if value is not None}


def _sign(claims: dict[str, Any], secret: bytes = SECRET, algorithm: str = "HS256") -> str:
    return jwt.encode(claims, secret, algorithm=algorithm)


def test_issued_token_names_its_user_when_verified() -> None:
    """A token carries the user's id and name, its own id and its end."""
    authority, before = LocalAuthority(SECRET), time.time()
    principal = authority.verify(authority.issue("ann", "Ann Ä.", 60))
    assert (principal.user_id, principal.user_name) == ("ann", "Ann Ä.")
    assert principal.token_id
    assert before - 1 <= principal.expires_at - 60 <= time.time() + 1, "whole seconds"


def test_two_tokens_differ_when_issued_at_once() -> None:
    """Every token has an id of its own."""
    authority = LocalAuthority(SECRET)
    assert (
        authority.verify(authority.issue("a", "A", 60)).token_id
        != authority.verify(authority.issue("a", "A", 60)).token_id
    )


@pytest.mark.parametrize(
    "token",
    [
        _sign(_claims(exp=int(time.time()) - 1)),
        _sign(_claims(nbf=int(time.time()) + DAY // 2)),
        _sign(_claims(iat=int(time.time()) + DAY // 2)),
        _sign(_claims(aud="another-hub")),
        _sign(_claims(aud=[TOKEN_AUDIENCE, "another-hub"])),
        _sign(_claims(iss="somebody")),
        _sign(_claims(sub="")),
        _sign(_claims(sub=5)),
        _sign(_claims(jti=7)),
        _sign(_claims(sub="a" * 129)),
        _sign(_claims(sub="ann\u202e")),
        _sign(_claims(sub="ann\n")),
        *(_sign(_claims(**{name: None})) for name in ("exp", "iat", "nbf", "aud", "iss", "sub", "jti")),
        _sign(_claims(), OTHER),
        _sign(_claims(), SECRET * 2, "HS512"),
        jwt.encode(_claims(), "", algorithm="none"),
        _sign(_claims()) + "x",
        "not a token",
        "",
        "a.b.c",
        "é" * 50,
        base64.urlsafe_b64encode(b"[" * 5_000).decode() + ".e30.AA",
        base64.urlsafe_b64encode(b'{"alg":"HS256","a":' + b"[" * 5_000).decode() + ".e30.AA",
        "eyJhbGciOiJIUzI1NiJ9." + "A" * 100_000 + ".AA",
    ],
)
def test_token_is_refused_when_anything_is_wrong(token: str) -> None:
    """Expired, early, foreign, incomplete, otherwise signed or unreadable: one text, no details."""
    with pytest.raises(AuthenticationError) as caught:
        LocalAuthority(SECRET).verify(token)
    assert str(caught.value) == ErrorText.INVALID_AUTHENTICATION


def test_token_is_not_even_parsed_when_longer_than_a_token_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is over 8 KiB costs nothing."""
    authority, good = LocalAuthority(SECRET), _sign(_claims(name="x" * 8192))
    monkeypatch.setattr(authority, "_decode", lambda *_: pytest.fail("parsed"))
    with pytest.raises(AuthenticationError):
        authority.verify(good)


def test_name_is_made_fit_to_show_when_it_is_not() -> None:
    """Bidi overrides, controls and invisible characters leave the name; an empty one is the id."""
    authority = LocalAuthority(SECRET)
    for name, shown in (("Ann\u202egnp\n", "Anngnp"), ("\u200b", "ann"), (5, "ann"), ("דנה", "דנה")):
        assert authority.verify(_sign(_claims(name=name))).user_name == shown


def test_secrets_are_asked_for_at_every_use_when_they_come_from_a_source() -> None:
    """A rotation takes effect on a living authority."""
    current = [SECRET]
    authority = LocalAuthority(lambda: current)
    old = authority.issue("ann", "Ann", 60)
    current[:] = [OTHER, SECRET]
    assert authority.verify(old).user_id == "ann"
    assert LocalAuthority(OTHER).verify(authority.issue("ann", "Ann", 60)).user_id == "ann"
    current[:] = [OTHER]
    with pytest.raises(AuthenticationError):
        authority.verify(old)


def test_hs512_is_refused_when_signed_with_the_right_secret() -> None:
    """The algorithm list is fixed, whatever the header says."""
    with pytest.raises(AuthenticationError):
        LocalAuthority(SECRET * 2).verify(_sign(_claims(), SECRET * 2, "HS512"))


def test_old_key_is_accepted_when_rotating() -> None:
    """Two keys are valid during a rotation; new tokens are signed with the new one."""
    rotated = LocalAuthority(OTHER, [SECRET])
    assert rotated.verify(LocalAuthority(SECRET).issue("ann", "Ann", 60)).user_id == "ann"
    with pytest.raises(AuthenticationError):
        LocalAuthority(SECRET).verify(rotated.issue("ann", "Ann", 60))


def test_expired_token_of_the_new_key_is_refused_when_rotating() -> None:
    """A second key gives an expired token no second chance."""
    with pytest.raises(AuthenticationError):
        LocalAuthority(OTHER, [SECRET]).verify(LocalAuthority(OTHER).issue("ann", "Ann", -5))


def test_short_secret_is_refused_when_constructing() -> None:
    """Key length is enforced."""
    with pytest.raises(ValueError, match="32 bytes"):
        LocalAuthority(b"short")


def test_secret_that_became_short_signs_and_opens_nothing() -> None:
    """Also one that a rotation brings: key length is enforced at every use."""
    current = [SECRET]
    authority = LocalAuthority(lambda: current)
    current[:] = [b"short"]
    with pytest.raises(jwt.InvalidKeyError):
        authority.issue("ann", "Ann", 60)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library's, about the key
        forged = _sign(_claims(), b"short")
    with pytest.raises(AuthenticationError):
        authority.verify(forged)


async def test_missing_credential_asks_for_one() -> None:
    """No credential and a wrong one have different texts."""
    authority = LocalAuthority(SECRET)
    with pytest.raises(AuthenticationError, match=ErrorText.AUTHENTICATION_REQUIRED):
        await authority.authenticate(None)
    with pytest.raises(AuthenticationError, match=ErrorText.INVALID_AUTHENTICATION):
        await authority.authenticate(Credential("api_key", authority.issue("a", "A", 60)))


def _read(
    query: dict[str, str] | None = None, headers: dict[str, str] | None = None, *, in_query: bool = True
) -> Credential | None:
    request = HttpRequest("POST", "/hubs/chat", headers or {}, query or {})
    return read_credential(request, in_query=in_query)


def test_credential_is_found_in_order_when_several_are_sent() -> None:
    """Query token, query key, Bearer, X-API-Key."""
    everything = {"access_token": "q", "api_key": "k"}
    headers = {"authorization": "Bearer h", "x-api-key": "x"}
    assert _read(query=everything, headers=headers) == Credential("bearer", "q")
    assert _read(query={"api_key": "k"}, headers=headers) == Credential("api_key", "k")
    assert _read(headers=headers) == Credential("bearer", "h")
    assert _read(headers={"x-api-key": "x"}) == Credential("api_key", "x")
    assert _read() is None
    assert _read(headers={"authorization": "Basic abc"}) is None


def test_query_token_is_ignored_when_outside_the_hubs() -> None:
    """A token in a URL counts only where a browser cannot send a header."""
    assert _read({"access_token": "q", "api_key": "k"}, in_query=False) is None


def test_credential_hides_its_value_when_printed() -> None:
    """No repr shows a secret."""
    assert "secret" not in repr(Credential("bearer", "secret"))
    assert "0123" not in repr(LocalAuthority(SECRET))


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"sub": " \u200d "}, "its subject is no user id"),
        ({"sub": ""}, "its subject is no user id"),
        ({"sub": "a\u200bb"}, "its subject is no user id"),
        ({"roles": [[[]]]}, ""),
        ({"roles": json.loads("[" * 40 + "]" * 40)}, "its claims nest more than 32 levels deep"),
    ],
)
def test_claims_nobody_should_have_are_refused_with_a_reason(claims: dict[str, Any], reason: str) -> None:
    """A well signed token that names nobody, or nests, lets nobody in; the log says why."""
    token = _sign(_claims(**claims))
    if not reason:
        assert LocalAuthority(SECRET).verify(token).user_id
        return
    with pytest.raises(AuthenticationError) as caught:
        LocalAuthority(SECRET).verify(token)
    assert caught.value.reason.startswith(reason)
