"""Which images a provider gets."""

from __future__ import annotations

import pytest

from conduit_widget.providers.images import Sight, shown, sight_of
from conduit_widget.providers.provider import GenerationRequest, PromptMessage
from conduit_widget.providers.provider_config import Capabilities, ProviderConfig
from conduit_widget.types import ImagePart, ImageUrl, TextPart

HELD = ImagePart(image_url=ImageUrl(url="DATA:image/png;base64,AA=="))
LINKED = ImagePart(image_url=ImageUrl(url="https://example.org/a.png"))


def request(*parts: TextPart | ImagePart) -> GenerationRequest:
    """A question in parts, after one that is text."""
    return GenerationRequest(messages=[PromptMessage("user", "Hi."), PromptMessage("user", list(parts))])


def test_model_that_does_not_see_reads_a_line_for_each_image() -> None:
    """What it gets is plain text, which servers of such models want."""
    asked = request(TextPart(text="What?"), HELD, LINKED)
    got, unseen = shown(asked, Sight(images=False, links=True))
    assert got.messages == [
        PromptMessage("user", "Hi."),
        PromptMessage("user", "What?\n\n[image]\n\n[image]"),
    ]
    assert unseen == "all"


@pytest.mark.parametrize("images", [True, None])
def test_links_go_to_hosted_services_alone(images: bool | None) -> None:
    """What a message holds goes to every model that sees, or may."""
    asked = request(TextPart(text="What?"), HELD, LINKED)
    assert shown(asked, Sight(images, links=True)) == (asked, "")
    got, unseen = shown(asked, Sight(images, links=False))
    assert got.messages[1].content == [TextPart(text="What?"), HELD, TextPart(text="[image]")]
    assert unseen == "some"
    assert shown(request(HELD), Sight(images, links=False)) == (request(HELD), "")


def test_prompt_without_images_passes_as_it_is() -> None:
    """And nobody hears of images."""
    asked = request(TextPart(text="What?"))
    got, unseen = shown(asked, Sight(images=False))
    assert got is asked
    assert unseen == ""


@pytest.mark.parametrize(
    ("kind", "url", "configured", "usual", "expected"),
    [
        ("openai", "https://api.example.org/v1", None, None, Sight(None, links=True)),
        ("openai", "http://127.0.0.1:8000/v1", True, None, Sight(images=True, links=False)),
        ("openai", "http://models.lan/v1", False, None, Sight(images=False, links=False)),
        ("anthropic", "", None, True, Sight(images=True, links=True)),
        ("anthropic", "", False, True, Sight(images=False, links=True)),
        ("local", "", None, False, Sight(images=False, links=False)),
    ],
)
def test_what_a_provider_sees(
    kind: str, url: str, configured: bool | None, usual: bool | None, expected: Sight
) -> None:
    """As it is configured, else as its kind usually does; its address says whether it opens links."""
    capabilities = Capabilities(vision=configured)
    config = ProviderConfig(name="acme", kind=kind, base_url=url, capabilities=capabilities)
    assert sight_of(config, usual) == expected
