"""Who a signed-in Jupyter user is in the chat."""

from __future__ import annotations

import pytest
from jupyter_server.auth.identity import IdentityProvider, PasswordIdentityProvider, User

from conduit_widget.access.hub_access import local_identity
from conduit_widget.errors import ValidationError
from conduit_widget.jupyter.identity import person_of
from conduit_widget.jupyter.identity_source import Source

MADE_UP = User("9d1f0c", "Anonymous Europa", "Anonymous Europa", "AE", None, None)
ANN = User("ann", "Ann", "Ann Äpfel", None, "https://faces.example/ann.png", "#123456")


class Directory(IdentityProvider):
    """A site's own identity provider."""


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
    assert (person.initials, person.color, person.avatar_url) == ("AÄ", "#123456", ANN.avatar_url)
    assert person_of(ANN, "owner", Directory()).identity == local_identity()


@pytest.mark.parametrize(("name", "said"), [("\u202e", "seen"), ("x" * 1000, "1000 characters")])
@pytest.mark.parametrize("source", ["auto", "jupyter"])
def test_name_that_no_hub_takes_is_refused_in_a_line(name: str, said: str, source: Source) -> None:
    """Before anything is asked of the hub; the name itself is not repeated."""
    with pytest.raises(ValidationError, match=said) as refused:
        person_of(User(name), source, Directory())
    assert name not in str(refused.value)
