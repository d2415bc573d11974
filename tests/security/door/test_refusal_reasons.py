"""Why a credential was refused: the log says it in fixed words, the client hears nothing of it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import jwt
import pytest

from conduit_widget.contract import TOKEN_AUDIENCE, TOKEN_ISSUER, ErrorText
from conduit_widget.errors import AuthenticationError
from conduit_widget.hub.app import HubApp
from conduit_widget.hub.auth.authenticators import AuthenticatorChain
from conduit_widget.hub.auth.jwks import JwksAuthority
from conduit_widget.hub.auth.local_authority import Authenticator, Credential, LocalAuthority
from conduit_widget.hub.auth.opaque_keys import OpaqueKeys
from conduit_widget.hub.auth.revocation import RevocationGuard, Revocations
from conduit_widget.hub.door.admission import RefusalLog
from tests.support.hub.client import hub_client
from tests.support.hub.echo_hub import EchoHub
from tests.support.hub.server import running
from tests.support.hub.site_tokens import AUDIENCE, ISSUER, IdentityProvider

PATH = "/hubs/echo"
SECRET = b"the secret of this hub, 32 bytes and more"
PRIVATE = ("private-subject", "Private Name", "private-jti", "private-issuer", "private-audience")


def _token(secret: bytes = SECRET, algorithm: str = "HS256", **changes: Any) -> str:
    now = int(time.time())
    claims: dict[str, Any] = {"sub": PRIVATE[0], "name": PRIVATE[1], "jti": PRIVATE[2], "aud": TOKEN_AUDIENCE}
    claims |= {"iss": TOKEN_ISSUER, "iat": now, "nbf": now, "exp": now + 60, **changes}
    kept = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(kept, secret, algorithm=algorithm)


LOCAL: dict[str, Callable[[], str]] = {
    "it has expired": lambda: _token(exp=int(time.time()) - 1),
    "it is not valid yet: do the clocks agree?": lambda: _token(nbf=int(time.time()) + 60),
    "it is for another audience": lambda: _token(aud=PRIVATE[4]),
    "it is of another issuer": lambda: _token(iss=PRIVATE[3]),
    "a claim is missing": lambda: _token(jti=None),
    "its subject is no user id": lambda: _token(sub=7),
    "its id is no text": lambda: _token(jti=7),
    "it is not signed with a key of this hub": lambda: _token(b"x" * 40),
    "it is signed with another algorithm": lambda: _token(b"x" * 64, "HS512"),
    "its subject is no user id: 1 to 128 characters that can be seen": lambda: _token(sub=PRIVATE[0] + "\n"),
}
SITE: dict[str, Callable[[IdentityProvider], str]] = {
    "it has expired": lambda site: site.token("ed", exp=int(time.time()) - 1),
    "it is for another audience": lambda site: site.token("ed", aud=PRIVATE[4]),
    "it is of another issuer": lambda site: site.token("ed", iss=PRIVATE[3]),
    "its key id is unknown, or missing": lambda site: site.token("ed", headers={"kid": PRIVATE[0]}),
    "it is signed with another algorithm": lambda site: _token(),
}


@pytest.fixture
def site() -> IdentityProvider:
    """An identity provider with one key."""
    provider = IdentityProvider()
    provider.add("ed")
    return provider


@pytest.mark.parametrize("reason", LOCAL)
def test_reason_of_a_local_token_is_named(reason: str) -> None:
    """Each check has its own words; the text that is sent stays the same."""
    with pytest.raises(AuthenticationError) as caught:
        LocalAuthority(SECRET).verify(LOCAL[reason]())
    assert (caught.value.reason, str(caught.value)) == (reason, ErrorText.INVALID_AUTHENTICATION)


@pytest.mark.parametrize("reason", SITE)
async def test_reason_of_a_site_s_token_is_named(reason: str, site: IdentityProvider, tmp_path: Path) -> None:
    """Also through the chain of all ways in, whose other members have nothing to say to it."""
    ways: list[Authenticator] = [
        JwksAuthority("https://id.example.org", ISSUER, AUDIENCE, fetch=site.fetch),
        OpaqueKeys(tmp_path / "keys.json"),
    ]
    with pytest.raises(AuthenticationError) as caught:
        await AuthenticatorChain(ways).authenticate(Credential("bearer", SITE[reason](site)))
    assert (caught.value.reason, str(caught.value)) == (reason, ErrorText.INVALID_AUTHENTICATION)


async def test_log_says_why_and_shows_nothing_of_the_token(caplog: pytest.LogCaptureFixture) -> None:
    """At negotiate, at a GET and at a refresh; what the client hears is always the same."""
    caplog.set_level(logging.INFO, "conduit_widget")
    revocations = Revocations()
    guard = RevocationGuard(LocalAuthority(SECRET), revocations)
    app = HubApp({PATH: EchoHub()}, authenticator=guard)
    sent: list[str] = []
    async with running(app) as url, httpx2.AsyncClient(trust_env=False, base_url=url) as http:
        for make in LOCAL.values():
            sent.append(make())
            answer = await http.post(f"{PATH}/negotiate", headers={"Authorization": f"Bearer {sent[-1]}"})
            assert (answer.status_code, answer.json()) == (401, {"error": ErrorText.INVALID_AUTHENTICATION})
        assert (await http.get(PATH, params={"id": "x"})).status_code == 401
        assert (await http.post(f"{PATH}/negotiate", headers={"X-API-Key": PRIVATE[0]})).status_code == 401
        sent.append(_token())
        async with hub_client(url, PATH, sent[-1]) as client:
            assert (await client.invoke("Refresh", LOCAL["it has expired"]())).error
            await revocations.revoke_token("another")
            await revocations.revoke_user(PRIVATE[0])
        with pytest.raises(AuthenticationError):
            await guard.authenticate(Credential("bearer", sent[-1]))
        assert (await http.get(PATH, params={"id": "x", "access_token": sent[-1]})).status_code == 401
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("conduit_widget")]
    refused = f"A credential was refused at {PATH}: "
    for reason in (*LOCAL, "there is no token or key", "it is revoked", "nobody here knows it"):
        assert sum(line == refused + reason for line in lines) == 1, reason
    assert "Token refresh refused: it has expired" in lines
    told = "\n".join(lines)
    for hidden in (*PRIVATE, *sent, *(part for item in sent for part in item.split("."))):
        assert hidden not in told


def test_reasons_are_told_once_a_second_however_many_try(caplog: pytest.LogCaptureFixture) -> None:
    """A flood of bad tokens is no flood of lines; how many were not told is told later."""
    caplog.set_level(logging.INFO, "conduit_widget")
    now = 0.0
    log = RefusalLog(clock=lambda: now)
    expired, unknown = (AuthenticationError("x", reason=text) for text in ("it has expired", ""))
    for _ in range(1000):
        log.refused(PATH, expired)
    log.refused(PATH, unknown)
    now = 1.0
    log.refused(PATH, expired)
    log.refused(PATH, unknown)
    refused = f"A credential was refused at {PATH}: "
    assert [record.getMessage() for record in caplog.records] == [
        f"{refused}it has expired",
        f"{refused}nobody here knows it",
        f"{refused}it has expired (999 more since the last such line)",
        f"{refused}nobody here knows it",
    ]
