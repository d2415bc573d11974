"""Addresses of people's pictures: what everybody's browser may be asked for."""

from __future__ import annotations

import pytest

from conduit_widget.chat_client.state.people import People
from conduit_widget.text.pictures import plain_picture
from conduit_widget.types import Participant


@pytest.mark.parametrize(
    "address",
    [
        "data:image/png;base64,iVBORw0KGgo=",
        "/static/faces/ann.png",
        "/user/ann@example.org/static/ann.smith.JPG",
        "https://faces.example/ann",
        "https://faces.example:8443/ann?size=64#x",
        "https://192.0.2.7/ann.png",
    ],
)
def test_what_only_is_a_picture_is_drawn(address: str) -> None:
    """Itself, a static file of the page's own server, or whatever another host has."""
    assert plain_picture(address) == address


@pytest.mark.parametrize(
    "address",
    [
        *("/hub/logout", "/user/ann/logout.png", "/api/contents/ann.png", "/static/../hub/logout.png"),
        *("/static/%2e%2e/hub/logout.png", "/proxy/8000/static/stop.png", "/static/ann.png?next=/hub/logout"),
        *(
            "//faces.example/ann.png",
            "http://faces.example/ann.png",
            "https://ann:pass@faces.example/ann.png",
        ),
        *("https://127.1/hub/logout", "https://0x7f.1/hub/logout", "https://2130706433/hub/logout"),
        *(
            "https://h%75b.example/hub/logout",
            "https://hub.example./hub/logout",
            "https:\\\\hub.example\\logout",
        ),
        *("javascript:alert(1)", "data:image/svg+xml;base64,PHN2Zz4=", "data:text/html,x", "", None),
    ],
)
def test_what_may_act_is_not(address: str | None) -> None:
    """Whoever looks would be logged out, or something stopped; nor is a host named in another way."""
    assert plain_picture(address) == ""


@pytest.mark.parametrize(
    ("address", "named"),
    [
        ("HTTPS://Hub.Example:443/hub/logout", "https://hub.example/hub/logout"),
        ("https://hub.example:443", "https://hub.example"),
    ],
)
def test_host_is_named_as_a_browser_names_it(address: str, named: str) -> None:
    """A page sees that it is its own, where only static files may be asked for."""
    assert plain_picture(address) == named


def test_hub_does_not_say_what_is_asked_of_those_who_look() -> None:
    """One that is not to be trusted names a path that acts: the picture goes, the person stays."""
    evil = Participant(
        user_id="bo", user_name="Bo", initials="B", color="#336699", avatar_url="/user/ann/logout"
    )
    people = People("ann")
    people.reset([evil])
    assert [(each.user_id, each.avatar_url) for each in people.participants] == [("bo", None)]
    assert people.set_participants([evil]) == []
