"""How many tokens a text or a request has: about so many, there is no tokenizer here for every model.

At 3.5 ASCII characters or one other character a token, as seldom too little as too much.
"""

from __future__ import annotations

import math
from typing import Final

from conduit_widget.providers.provider import GenerationRequest, Usage
from conduit_widget.types import Content, ImagePart, TextPart

CHARS_PER_TOKEN: Final = 3.5
MESSAGE_OVERHEAD_TOKENS: Final = 8
MAX_COUNT: Final = 2**53 - 1
_IMAGE_TOKENS: Final = 800
_LOW_DETAIL_TOKENS: Final = 85
"""As OpenAI counts an image that is to be looked at roughly."""


def estimate_tokens(text: str) -> int:
    """Return about how many tokens the text has."""
    ascii_chars = len(text) if text.isascii() else sum(character.isascii() for character in text)
    return math.ceil(ascii_chars / CHARS_PER_TOKEN) + len(text) - ascii_chars


def counted_tokens(usage: Usage | None) -> tuple[int, int] | None:
    """Return the tokens read and written as the provider counts them; None unless both can be counts."""
    if usage is None or usage.prompt_tokens is None or usage.completion_tokens is None:
        return None
    counts = (usage.prompt_tokens, usage.completion_tokens)
    return counts if all(0 <= count <= MAX_COUNT for count in counts) else None


def estimate_prompt(request: GenerationRequest) -> int:
    """Return about how many tokens a model reads to answer the request."""
    return sum(MESSAGE_OVERHEAD_TOKENS + estimate_content(message.content) for message in request.messages)


def estimate_content(content: Content, *, most_per_image: int = _IMAGE_TOKENS) -> int:
    """Return about how many tokens a content has; models scale images down to what they can hold."""
    if isinstance(content, str):
        return estimate_tokens(content)
    return sum(
        estimate_tokens(part.text) if isinstance(part, TextPart) else min(most_per_image, _of_image(part))
        for part in content
    )


def _of_image(image: ImagePart) -> int:
    return _LOW_DETAIL_TOKENS if image.image_url.detail == "low" else _IMAGE_TOKENS
