"""Payload types about conversations as a whole: lists, settings, members, searches."""

from __future__ import annotations

from typing import Any, Literal

from conduit_widget.types.wire import Wire

AssistantSetting = Literal["always", "mention", "off"]
MemberRole = Literal["owner", "member", "reader"]
Visibility = Literal["open", "members"]


class ConversationSettings(Wire, frozen=True, kw_only=True):
    """What an owner has set; ``role`` is the reader's own, where that is told with it.

    ``system_prompt`` holds for every answer whose question does not bring its own.
    """

    conversation_id: str
    visibility: Visibility
    assistant: AssistantSetting
    title: str | None = None
    system_prompt: str | None = None
    pinned: bool = False
    role: MemberRole | None = None


class LastMessage(Wire, frozen=True, kw_only=True, omit_defaults=False):
    """The newest message of a conversation: the beginning of its text, and the name of who wrote it."""

    id: str
    author: str
    preview: str
    timestamp: str


class ConversationInfo(Wire, frozen=True, kw_only=True, omit_defaults=False):
    """A conversation as one of its people sees it; ``seq`` is the position of its newest event.

    ``unread`` counts the messages of others after ``last_read_seq``, up to ``MAX_UNREAD``.
    """

    conversation_id: str
    title: str | None
    visibility: Visibility
    assistant: AssistantSetting
    role: MemberRole
    seq: int
    system_prompt: str | None = None
    pinned: bool = False
    unread: int = 0
    last_read_seq: int = 0
    last_message: LastMessage | None = None


class ConversationPatch(Wire, frozen=True, kw_only=True):
    """What is to change of a conversation; what is left out stays. An empty text takes away what was set."""

    title: str | None = None
    assistant: AssistantSetting | None = None
    system_prompt: str | None = None
    pinned: bool | None = None


class MemberInfo(Wire, frozen=True, kw_only=True, omit_defaults=False):
    """Somebody who has a role in a conversation."""

    user_id: str
    role: MemberRole


class MemberOptions(Wire, frozen=True, kw_only=True):
    """Who is to be a member, and as what."""

    user_id: str
    role: MemberRole = "member"


class ConversationOptions(Wire, frozen=True, kw_only=True):
    """How a conversation is to be created; what is left out is as the hub has it (the id: a new one)."""

    id: str | None = None
    title: str | None = None
    visibility: Visibility | None = None
    assistant: AssistantSetting | None = None


class ImportedMessage(Wire, frozen=True, kw_only=True):
    """A message that was written elsewhere; it continues the message ``parent_id``, or none.

    ``author`` is the name of who wrote it, where that was not who brings it in; ``timestamp`` is ISO 8601.
    """

    id: str
    role: Literal["user", "assistant"]
    content: str | list[dict[str, Any]]
    parent_id: str | None = None
    author: str | None = None
    timestamp: str | None = None
    model: str | None = None
    reply_to: str | None = None


class ImportBatch(Wire, frozen=True, kw_only=True):
    """Some of the messages of a conversation that is brought in, parents before what continues them.

    ``source`` names where they come from ("chatgpt"). With ``done`` they are the last, and the conversation
    is its owner's; before that nobody can see it.
    """

    source: str
    messages: list[ImportedMessage]
    title: str | None = None
    done: bool = False


class ImportReceipt(Wire, frozen=True, kw_only=True, omit_defaults=False):
    """How far an import is: how many ``messages`` the conversation has, and whether it is ``done``.

    ``existed``: it was brought in before; nothing was added.
    """

    conversation_id: str
    messages: int
    done: bool
    existed: bool = False


class Imported(Wire, frozen=True, kw_only=True):
    """Where a message was brought in from, when (ISO 8601), and by which user."""

    source: str
    by: str
    at: str


class Pinned(Wire, frozen=True, kw_only=True):
    """Which user pinned a message, and when (ISO 8601)."""

    by: str
    at: str


class SearchOptions(Wire, frozen=True, kw_only=True):
    """Where a search looks: in all conversations of the caller, unless one is named.

    ``since`` (from then on) and ``until`` (before then) are ISO 8601; ``role`` is of the messages' writers.
    """

    conversation_id: str | None = None
    author: str | None = None
    role: Literal["user", "assistant"] | None = None
    since: str | None = None
    until: str | None = None
    before_seq: int | None = None
    limit: int = 20


class SearchHit(Wire, frozen=True, kw_only=True, omit_defaults=False):
    """A found message, and the part of its text with the first find; ``ranges`` are where finds are in it."""

    message: dict[str, Any]
    conversation_id: str
    snippet: str
    ranges: list[list[int]]


class SearchResult(Wire, frozen=True, kw_only=True, omit_defaults=False):
    """The newest messages that have all that was looked for."""

    hits: list[SearchHit]
    has_more: bool
