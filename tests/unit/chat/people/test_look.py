"""How a token may say that its user looks."""

from __future__ import annotations

import msgspec
import pytest

from conduit_widget.chat.people.appearance import Look, look_of
from conduit_widget.chat.people.remote_presence import NodePerson
from conduit_widget.hub.auth.local_authority import LocalAuthority


def test_what_jupyter_knows_of_a_user_is_in_the_token() -> None:
    """The colour as a browser takes it, two letters at most."""
    authority = LocalAuthority(b"0123456789abcdef0123456789abcdef")
    token = authority.issue("ann", "Ann", 60, initials="ANN", color="#8E24AA")
    assert look_of(authority.verify(token).claims) == Look("AN", "#8e24aa")
    assert look_of(authority.verify(authority.issue("ann", "Ann", 60)).claims) == Look()


@pytest.mark.parametrize(
    "color", ["red", "var(--jp-collaborator-color1)", "#12345", "url(x)", "#1234567", 3, None]
)
def test_what_is_no_colour_counts_as_not_said(color: object) -> None:
    """A name of a colour means something else in each page; what is no colour may be anything."""
    assert look_of({"conduit_color": color, "conduit_initials": "\u202e"}) == Look()


@pytest.mark.parametrize(
    "address",
    [
        "data:image/png;base64,iVBORw0KGgo=",
        "/user/ann/static/faces/ann.JPG",
        "https://faces.example/ann?size=48",
        "https://faces.example:8443/ann",
    ],
)
def test_picture_is_in_the_token(address: str) -> None:
    """As it can be drawn without harm."""
    authority = LocalAuthority(b"0123456789abcdef0123456789abcdef")
    token = authority.issue("ann", "Ann", 60, picture=address)
    assert look_of(authority.verify(token).claims).picture == address


@pytest.mark.parametrize(
    "address",
    [
        "http://faces.example/ann.png",
        "https://ann:secret@faces.example/ann.png",
        "https:///ann.png",
        "https://faces.example\\@evil.example/ann.png",
        "https://faces.example:port/ann.png",
        "//faces.example/ann.png",
        "/hub/logout",
        "/hub/logout?next=/ann.png",
        "/files/../hub/logout.png",
        "javascript:alert(1)",
        "data:text/html;base64,PGI+",
        "data:image/svg+xml;base64,PHN2Zz4=",
        "https://faces.example/a b.png",
        "https://faces.example/" + "a" * 2048,
        7,
        None,
    ],
)
def test_what_is_no_picture_to_be_drawn_counts_as_not_said(address: object) -> None:
    """A browser asks its own server as the person who looks: not for anything but a picture."""
    assert look_of({"conduit_picture": address}) == Look()


def test_a_node_that_does_not_know_of_looks_is_understood() -> None:
    """And understands: what it does not know stands at the end."""
    old = msgspec.msgpack.encode(["ann", "Ann", True])
    assert msgspec.msgpack.decode(old, type=NodePerson) == NodePerson("ann", "Ann", typing=True)
    new = msgspec.msgpack.encode(NodePerson("ann", "Ann", look=Look("AN", "#8e24aa")))
    assert msgspec.msgpack.decode(new)[:3] == ["ann", "Ann", False]
