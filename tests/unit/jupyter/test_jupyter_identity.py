"""Who a signed-in Jupyter user is in the chat."""

from __future__ import annotations

import pytest
from jupyter_server.auth.identity import (
    IdentityProvider,
    LegacyIdentityProvider,
    PasswordIdentityProvider,
    User,
)
from jupyter_server.auth.login import LegacyLoginHandler

from conduit_widget.access.hub_access import local_identity
from conduit_widget.errors import ValidationError
from conduit_widget.jupyter.identity import person_of
from conduit_widget.jupyter.identity_source import Source, shares_kernels

MADE_UP = User("9d1f0c", "Anonymous Europa", "Anonymous Europa", "AE", None, None)
ANN = User("ann", "Ann", "Ann Äpfel", None, "https://faces.example/ann.png", "#123456")


class Directory(IdentityProvider):
    """A site's own identity provider."""


class Door(LegacyLoginHandler):
    """A site's own login handler, as before Jupyter Server 2."""

    @classmethod
    def get_user(cls, handler: object) -> str:
        """Say who it is."""
        return "ann"


@pytest.mark.parametrize("provider", [IdentityProvider(), PasswordIdentityProvider()])
def test_who_is_alone_on_the_server_is_its_owner(provider: IdentityProvider) -> None:
    """A name that Jupyter has made up is not the person's: in a kernel they are somebody else."""
    assert person_of(MADE_UP, "auto", provider).identity == local_identity()
    assert person_of(MADE_UP, "jupyter", provider).identity == ("9d1f0c", "Anonymous Europa")


@pytest.mark.parametrize("extension", ["jupyter_server_ydoc", "jupyter_collaboration"])
def test_with_collaboration_each_browser_is_a_person(extension: str) -> None:
    """Two who share a notebook are two in the chat as well, even with made-up names."""
    person = person_of(MADE_UP, "auto", PasswordIdentityProvider(), ["jupyterlab", extension])
    assert (person.identity, person.initials) == (("9d1f0c", "Anonymous Europa"), "AE")


def test_sites_own_provider_names_people() -> None:
    """With picture and colour; the owner only where the settings say so."""
    person = person_of(ANN, "auto", Directory())
    assert person.identity == ("ann", "Ann Äpfel")
    assert (person.initials, person.color) == ("AÄ", "#123456")
    assert person_of(ANN, "owner", Directory()).identity == local_identity()


@pytest.mark.parametrize("number", ["anonymous", "0123456789abcdef0123456789abcdef"])
def test_number_of_a_browser_is_nobodys_name(number: str) -> None:
    """Jupyter's login of old gives whoever has the token a number; a site's own handler names people."""
    provider = LegacyIdentityProvider()
    assert person_of(User(number), "auto", provider).identity == local_identity()
    assert person_of(User(number), "jupyter", provider).identity.user_id == number
    assert person_of(User(number), "auto", provider, ["jupyter_server_ydoc"]).identity.user_id == number
    named = LegacyIdentityProvider(login_handler_class=Door)
    assert person_of(User(number), "auto", named).identity.user_id == number
    assert person_of(User("ann"), "auto", provider).identity.user_id == "ann"


def test_invented_name_is_nobodys_with_a_provider_that_keeps_it() -> None:
    """A site's own way to check tokens, which knows no more of who it is."""
    invented = User("0123456789abcdef0123456789abcdef", "Anonymous Io", "Anonymous Io", "AI")
    assert person_of(invented, "auto", Directory()).identity == local_identity()


@pytest.mark.parametrize(
    ("address", "hosts", "shown"),
    [
        (ANN.avatar_url, [], False),
        (ANN.avatar_url, ["faces.example"], True),
        ("https://faces.example.evil.example/ann.png", ["faces.example"], False),
        ("data:image/png;base64,iVBORw0KGgo=", [], True),
        ("/static/faces/ann.png", [], True),
        (None, ["faces.example"], False),
    ],
)
def test_only_named_hosts_are_told_who_looks(address: str | None, hosts: list[str], shown: bool) -> None:
    """Whoever sees a picture tells its host their address; the server itself knows it anyway."""
    ann = User("ann", "Ann", "Ann Äpfel", None, address)
    person = person_of(ann, "auto", Directory(), picture_hosts=hosts)
    assert person.picture == (address if shown else "")


@pytest.mark.parametrize(("name", "said"), [("\u202e", "seen"), ("x" * 1000, "1000 characters")])
@pytest.mark.parametrize("source", ["auto", "jupyter"])
def test_name_that_no_hub_takes_is_refused_in_a_line(name: str, said: str, source: Source) -> None:
    """Before anything is asked of the hub; the name itself is not repeated."""
    with pytest.raises(ValidationError, match=said) as refused:
        person_of(User(name), source, Directory())
    assert name not in str(refused.value)


@pytest.mark.parametrize(
    ("source", "provider", "extensions", "user"),
    [
        ("auto", PasswordIdentityProvider(), ["jupyter_server_ydoc"], ""),
        ("jupyter", PasswordIdentityProvider(), ["jupyter_server_ydoc"], "ann"),
        ("auto", Directory(), [], ""),
    ],
)
def test_pages_of_a_shared_server_are_different_peoples(
    source: Source,
    provider: IdentityProvider,
    extensions: list[str],
    user: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where people share notebooks, on JupyterHub too, and where a site names who comes."""
    monkeypatch.setenv("JUPYTERHUB_USER", user)
    if not user:
        monkeypatch.delenv("JUPYTERHUB_USER")
    assert shares_kernels(source, provider, extensions)


def test_pages_of_ones_own_server_are_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Alone, or by the settings, or on the server that JupyterHub gave somebody."""
    monkeypatch.delenv("JUPYTERHUB_USER", raising=False)
    assert not shares_kernels("auto", IdentityProvider(), ["jupyterlab"])
    assert not shares_kernels("owner", Directory(), ["jupyter_server_ydoc"])
    monkeypatch.setenv("JUPYTERHUB_USER", "ann")
    assert not shares_kernels("auto", Directory(), [])
