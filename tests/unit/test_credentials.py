"""Tokens and addresses as files and clipboards give them."""

from __future__ import annotations

import pytest

from conduit_widget.access.hub_access import RemoteHub, resolve_access
from conduit_widget.credentials import clean_token, clean_url
from conduit_widget.errors import AuthenticationError, ConnectionFailedError

SECRET = "eyJhbGciOi.secret.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    "given",
    [
        f"{SECRET}\n",
        f"{SECRET}\r\n",
        f"  {SECRET}\t",
        f"\ufeff{SECRET}\n\n",
        f"“{SECRET}”",
        f' "{SECRET}"\n',
        f"{SECRET}\u200b",
    ],
)
def test_what_was_pasted_around_a_token_goes(given: str) -> None:
    """What a file or a clipboard puts around it was never meant."""
    assert clean_token(given, "token") == SECRET


@pytest.mark.parametrize("given", ["", " \n", None])
def test_nothing_is_no_token(given: str | None) -> None:
    """An empty variable is none."""
    assert clean_token(given, "token") is None


@pytest.mark.parametrize(
    "given",
    [
        f"{SECRET} {SECRET}",
        f"{SECRET}\nX-Evil: 1",
        f"{SECRET}\x00",
        f"{SECRET}é",
        f"{SECRET}\u200b{SECRET}",
        b"bytes",
        5,
    ],
)
def test_what_no_header_takes_is_refused_by_its_source(given: object) -> None:
    """The line names where it came from and shows no part of it."""
    with pytest.raises(AuthenticationError, match=r"^CONDUIT_HUB_TOKEN ") as caught:
        clean_token(given, "CONDUIT_HUB_TOKEN")
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "given",
    [
        "http://[::1",
        "http://host:99999",
        "http://host:port",
        "ftp://host",
        "host:8000",
        "http://",
        "http://ho st",
        "http://host\n/hubs",
        "",
        7,
    ],
)
def test_what_is_no_address_is_refused_in_one_line(given: object) -> None:
    """Also where the standard library raises an error of its own."""
    with pytest.raises(ConnectionFailedError, match=r"^hub_url must "):
        clean_url(given, "hub_url")


def test_address_loses_what_a_file_put_around_it() -> None:
    """Nothing else changes."""
    assert clean_url(" https://hub.example/x?y=1\n", "hub_url") == "https://hub.example/x?y=1"


async def test_variables_are_cleaned_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment is where line ends come from."""
    monkeypatch.setenv("CONDUIT_HUB_URL", "http://hub.example:8000\n")
    monkeypatch.setenv("CONDUIT_HUB_TOKEN", f"{SECRET}\n")
    access = resolve_access()
    assert await access.token() == SECRET
    assert await access.url() == "http://hub.example:8000/hubs/chat"
    monkeypatch.setenv("CONDUIT_HUB_TOKEN", f"{SECRET} {SECRET}")
    with pytest.raises(AuthenticationError, match=r"^CONDUIT_HUB_TOKEN has a space"):
        resolve_access()
    monkeypatch.setenv("CONDUIT_HUB_URL", "hub.example")
    with pytest.raises(ConnectionFailedError, match=r"^CONDUIT_HUB_URL must look like"):
        resolve_access()


async def test_function_that_gives_a_token_is_cleaned_too() -> None:
    """Each token it gives, each time."""
    given = iter([f"{SECRET}\n", "two words"])
    access = RemoteHub("http://hub.example", lambda: next(given), resolve_access().identity)
    assert await access.token() == SECRET
    with pytest.raises(AuthenticationError, match="function given as token returned"):
        await access.token()
