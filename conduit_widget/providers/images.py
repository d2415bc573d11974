"""Images of a prompt, as the one who reads it can take them.

A model that does not see gets a line in their place. An image that is only linked goes to hosted services
alone: a server of one's own would fetch it from within one's own network, whatever the address.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

from conduit_widget.providers.addresses import is_self_hosted
from conduit_widget.providers.provider import GenerationRequest, PromptMessage, UnseenImages
from conduit_widget.providers.provider_config import DEFAULT_URLS, ProviderConfig
from conduit_widget.types import Content, ImagePart, TextPart

PLACE_HOLDER: Final = "[image]"
"""What a model reads in the place of an image that it does not see."""


class Sight(NamedTuple):
    """What a provider's models see: ``images`` (None: nobody has said, it is tried), ``links`` to some."""

    images: bool | None = None
    links: bool = False


def sight_of(config: ProviderConfig, usual: bool | None) -> Sight:
    """Return what a provider sees: as it is configured, else as is ``usual`` for its kind."""
    images = config.capabilities.vision
    url = config.base_url or DEFAULT_URLS.get(config.kind, "")
    return Sight(usual if images is None else images, links=bool(url) and not is_self_hosted(url))


def shown(request: GenerationRequest, sight: Sight) -> tuple[GenerationRequest, UnseenImages]:
    """Return a request as a provider can take it, and which of its images that leaves out."""
    if not has_images(request.messages):
        return request, ""
    if sight.images is False:
        return msgspec.structs.replace(request, messages=without_images(request.messages)), "all"
    if sight.links or not any(map(_is_link, images_of(request.messages))):
        return request, ""
    return msgspec.structs.replace(request, messages=without_images(request.messages, links=True)), "some"


def images_of(messages: Sequence[PromptMessage]) -> list[ImagePart]:
    """Return the images of a prompt."""
    return [
        part
        for message in messages
        if not isinstance(message.content, str)
        for part in message.content
        if isinstance(part, ImagePart)
    ]


def has_images(messages: Sequence[PromptMessage]) -> bool:
    """Whether there is an image in a prompt."""
    return bool(images_of(messages))


def without_images(messages: Sequence[PromptMessage], *, links: bool = False) -> list[PromptMessage]:
    """Return a prompt with a line in the place of each image; ``links``: only of those that are linked."""
    return [
        PromptMessage(message.role, _without(message.content, links=links))
        if not isinstance(message.content, str)
        else message
        for message in messages
    ]


def _without(parts: list[TextPart | ImagePart], *, links: bool) -> Content:
    kept: list[TextPart | ImagePart] = []
    for given in parts:
        is_left_out = isinstance(given, ImagePart) and (not links or _is_link(given))
        part = TextPart(text=PLACE_HOLDER) if is_left_out else given
        last = kept[-1] if kept else None
        if isinstance(part, TextPart) and isinstance(last, TextPart):
            kept[-1] = TextPart(text=f"{last.text}\n\n{part.text}")
        else:
            kept.append(part)
    only = kept[0] if len(kept) == 1 else None
    return only.text if isinstance(only, TextPart) else kept


def _is_link(image: ImagePart) -> bool:
    return not image.image_url.url[:5].lower().startswith("data:")
