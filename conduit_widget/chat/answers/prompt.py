"""From the branch of a conversation that leads to an answer to what the model reads, within its context.

Sizes are estimated (:mod:`~conduit_widget.providers.limits.token_estimate`); a provider refuses what really
is too long.

Servers keep what they have read of a prompt for the next one that begins alike, which is most of the time to
the first token. So a history that is too long does not lose its oldest message with every question: it is cut
back by up to a half, then grows again. Where it is cut follows from the stored history alone, so that every
node, after any restart, cuts it in the same place, however much of it was read.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from conduit_widget.contract import MAX_HISTORY_PAGE
from conduit_widget.providers.images import without_images
from conduit_widget.providers.limits.token_estimate import (
    MESSAGE_OVERHEAD_TOKENS,
    estimate_content,
    estimate_tokens,
)
from conduit_widget.providers.provider import PromptMessage
from conduit_widget.types import ChatMessage, Content, HistoryPage, ImagePart, TextPart

Ancestors = Callable[[str, int], Awaitable[HistoryPage]]
"""``ancestors(message_id, limit)`` returns the messages that lead to a message, oldest first."""

Attach = Callable[[ChatMessage, int, bool], Awaitable[ChatMessage]]
"""``attach(message, budget, has_room)`` returns a message with its files as parts, for a prompt of so many
tokens; without room for pictures they are only named."""

DEFAULT_ANSWER_SHARE: Final = 4
"""Without a maxTokens, one part in this many of the context is kept free for the answer."""
TYPICAL_MESSAGE_TOKENS: Final = 64
IMAGE_SHARE: Final = 4
"""An image takes at most one part in this many of what a prompt has room for."""
MAX_PICTURE_CHARS: Final = 24 * 1024 * 1024
"""Of the pictures in a prompt, encoded: the message that passes it is the last one whose pictures are read.
Services refuse requests that are much larger, and the hub holds each until it is answered."""
SMALLEST_PAGE: Final = 16
"""How many messages are read at a time: about as many as fit, but at least so many."""

_SEVERAL: Final = "Several people take part; each of their messages starts with its writer's name."
_CUT: Final = "\n[…]\n"


class Prompt(NamedTuple):
    """What a model reads: so many messages of the conversation; not ``is_whole``: older ones did not fit."""

    messages: list[PromptMessage]
    read: int
    is_whole: bool


async def read_prompt(
    ancestors: Ancestors,
    answer_id: str,
    *,
    system_prompt: str,
    context_tokens: int,
    max_tokens: int | None = None,
    max_messages: int = MAX_HISTORY_PAGE,
    attach: Attach | None = None,
) -> Prompt:
    """Return the prompt of an answer: the system prompt, then what led to it, as :func:`build_prompt` does.

    The messages are read in pages, the question's first, until they are more than fit or ``max_messages``.
    Nothing is read from before a message of a person that begins a context of its own
    (``metadata.contextStart``).
    """
    budget = _budget(system_prompt, context_tokens, max_tokens)
    branch: list[ChatMessage] = []
    read, cost, oldest, has_more = 0, 0, answer_id, True
    while has_more and read < max_messages and cost <= budget:
        limit = max((budget - cost) // TYPICAL_MESSAGE_TOKENS, SMALLEST_PAGE)
        page = await ancestors(oldest, min(limit, max_messages - read))
        has_more = page.has_more
        if not page.messages:
            break
        oldest = page.messages[0]["id"]
        messages = await _readable(page.messages, budget, _Room(budget - cost, _pictures(branch)), attach)
        start = _newest_start(messages)
        if start is not None:
            messages, has_more = messages[start:], False
        branch = messages + branch
        read += len(page.messages)
        cost += sum(_cost(message, budget) for message in messages)
    return build_prompt(branch, budget=budget, system_prompt=system_prompt, is_whole=not has_more)


def build_prompt(branch: Sequence[ChatMessage], *, budget: int, system_prompt: str, is_whole: bool) -> Prompt:
    """Return the system prompt and the newest messages within ``budget`` tokens, at least about half of that.

    ``branch`` is oldest first (``is_whole``: from the root) and ends with the question, which is always kept
    (its middle is cut out when it alone is too long). What people wrote stands as they typed it. User names
    stand before messages only when more than one person writes. Neighbours of one role become one message,
    since some models accept strict turns only. Images of people stand where they were put.
    """
    kept = _kept(branch, budget, is_whole=is_whole)
    people = {message.author.user_id for message in kept if message.role == "user" and message.author}
    turns = [_turn(message, len(people) > 1) for message in kept]
    if len(turns) == 1:
        turns = [PromptMessage(turns[0].role, _cut_to(turns[0].content, budget))]
    system = (
        system_prompt if len(people) < 2 else f"{system_prompt} {_SEVERAL}" if system_prompt else _SEVERAL
    )
    head = [PromptMessage("system", system)] if system else []
    is_whole = is_whole and len(kept) == len(branch)
    return Prompt(head + _merge_neighbours(turns), len(kept), is_whole)


def _budget(system_prompt: str, context_tokens: int, max_tokens: int | None) -> int:
    """Return how many tokens of history the context has room for, beside the system prompt and the answer."""
    reserved = max_tokens if max_tokens is not None else context_tokens // DEFAULT_ANSWER_SHARE
    budget = context_tokens - min(reserved, context_tokens // 2)
    budget -= estimate_tokens(f"{system_prompt} {_SEVERAL}") + MESSAGE_OVERHEAD_TOKENS
    return max(budget, 32)


class _Room(NamedTuple):
    """What is left: tokens for messages, and how much the pictures of newer ones take (characters)."""

    tokens: int
    pictures: int


async def _readable(
    wires: Sequence[Mapping[str, Any]], budget: int, room: _Room, attach: Attach | None
) -> list[ChatMessage]:
    """Return the messages that say something; one that cannot be read keeps nobody from an answer.

    Files are read from the newest message back, as long as there is ``room`` for another one: what is older
    does not fit, and its files may be many and large.
    """
    tokens, pictures = room
    messages: list[ChatMessage] = []
    for wire in reversed(wires):
        try:
            message = ChatMessage.from_wire(wire)
        except msgspec.ValidationError:
            continue
        if attach is not None and tokens >= 0:
            message = await attach(message, budget, pictures < MAX_PICTURE_CHARS)
        if message.text.strip() or _has_images(message):
            tokens -= _cost(message, budget)
            pictures += _pictures([message])
            messages.append(message)
    messages.reverse()
    return messages


def _pictures(messages: Sequence[ChatMessage]) -> int:
    """Return how many characters the pictures of messages take."""
    return sum(
        len(part.image_url.url)
        for message in messages
        if not isinstance(message.content, str)
        for part in message.content
        if isinstance(part, ImagePart)
    )


def _has_images(message: ChatMessage) -> bool:
    return not isinstance(message.content, str) and any(
        isinstance(part, ImagePart) for part in message.content
    )


def _newest_start(messages: Sequence[ChatMessage]) -> int | None:
    """Return the index of the newest message that begins a context of its own, if one does."""
    starts = (
        index
        for index in reversed(range(len(messages)))
        if messages[index].role == "user" and messages[index].metadata.get("contextStart") is True
    )
    return next(starts, None)


def _cost(message: ChatMessage, budget: int) -> int:
    """Return about how many tokens a message takes, with a name: what is kept says whether it needs one.

    An image is worth at most a part of the budget: a model with little room for it makes it small.
    """
    content = _turn(message, True).content
    return estimate_content(content, most_per_image=budget // IMAGE_SHARE) + MESSAGE_OVERHEAD_TOKENS


def _turn(message: ChatMessage, named: bool) -> PromptMessage:
    named = named and message.role == "user" and message.author is not None
    name = f"{message.author.user_name}: " if named and message.author is not None else ""
    if not _has_images(message):
        return PromptMessage(message.role, name + message.text)
    # An image-only message has no text for the name to stand before.
    parts = [part for part in _parts(message.content) if isinstance(part, ImagePart) or part.text.strip()]
    if name and parts and isinstance(parts[0], TextPart):
        parts[0] = TextPart(text=name + parts[0].text)
    elif name:
        parts.insert(0, TextPart(text=name.rstrip()))
    turn = PromptMessage(message.role, parts)
    # Models take images from people alone.
    return turn if message.role == "user" else without_images([turn])[0]


def _kept(messages: Sequence[ChatMessage], budget: int, *, is_whole: bool) -> Sequence[ChatMessage]:
    """Return the newest messages that fit, from where earlier prompts began, if that still leaves half."""
    costs = [_cost(message, budget) for message in messages]
    oldest = _newest_within(costs, budget)
    start = oldest
    if oldest > 0 or not is_whole:
        half = _newest_within(costs, min(budget, sum(costs)) // 2)
        mark = _roundest(_position(messages, oldest), _position(messages, half))
        while start < half and _position(messages, start) < mark:
            start += 1
    # An answer whose question did not fit says little; models expect a user to speak first.
    while start < len(messages) - 1 and messages[start].role == "assistant":
        start += 1
    return messages[start:]


def _newest_within(costs: Sequence[int], budget: int) -> int:
    """Return from where on the costs, down to the last, are within the budget; the last one always is."""
    start, left = len(costs), budget
    while start > 0 and (costs[start - 1] <= left or start == len(costs)):
        start -= 1
        left -= costs[start]
    return start


def _position(messages: Sequence[ChatMessage], index: int) -> int:
    """Return a message's place in the log (without one, in this list)."""
    return _seq(messages[index].metadata, index) if index < len(messages) else index


def _seq(metadata: object, otherwise: int) -> int:
    """Return the place in the log that stored metadata tell, where they tell one."""
    seq = metadata.get("seq") if isinstance(metadata, Mapping) else None
    return seq if isinstance(seq, int) else otherwise


def _roundest(least: int, most: int) -> int:
    """Return the number from ``least`` to ``most`` that the highest power of two divides.

    As both rise it stays the same for about half their distance: it is the mark of a cut.

    >>> _roundest(5, 12), _roundest(8, 15), _roundest(9, 15), _roundest(7, 7)
    (8, 8, 12, 7)
    """
    if least <= 0:
        return 0
    shift = ((least - 1) ^ most).bit_length() - 1
    return most >> shift << shift


def _cut_middle(text: str, budget_tokens: int) -> str:
    if estimate_tokens(text) + MESSAGE_OVERHEAD_TOKENS <= budget_tokens:
        return text
    keep = max(int(len(text) * budget_tokens / max(estimate_tokens(text), 1)) - len(_CUT), 2)
    return text[: keep // 2] + _CUT + text[-(keep // 2) :]


def _cut_to(content: Content, budget_tokens: int) -> Content:
    """Return a content whose texts fit; its images stand as they are."""
    if isinstance(content, str):
        return _cut_middle(content, budget_tokens)
    texts = sum(isinstance(part, TextPart) for part in content)
    images = estimate_content(
        [part for part in content if isinstance(part, ImagePart)], most_per_image=budget_tokens // IMAGE_SHARE
    )
    room = max(budget_tokens - images, budget_tokens // 4) // max(texts, 1)
    return [
        TextPart(text=_cut_middle(part.text, room)) if isinstance(part, TextPart) else part
        for part in content
    ]


def _merge_neighbours(turns: Sequence[PromptMessage]) -> list[PromptMessage]:
    merged: list[PromptMessage] = []
    for turn in turns:
        if merged and merged[-1].role == turn.role:
            merged[-1] = PromptMessage(turn.role, _joined(merged[-1].content, turn.content))
        else:
            merged.append(turn)
    return merged


def _joined(first: Content, second: Content) -> Content:
    if isinstance(first, str) and isinstance(second, str):
        return f"{first}\n\n{second}"
    before, after = _parts(first), _parts(second)
    if isinstance(last := before[-1], TextPart) and isinstance(following := after[0], TextPart):
        return [*before[:-1], TextPart(text=f"{last.text}\n\n{following.text}"), *after[1:]]
    return [*before, *after]


def _parts(content: Content) -> list[TextPart | ImagePart]:
    return [TextPart(text=content)] if isinstance(content, str) else content
