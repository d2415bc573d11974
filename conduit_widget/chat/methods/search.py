"""Finding messages."""

from __future__ import annotations

from datetime import UTC, datetime

from conduit_widget.chat.history.search import ALWAYS, BEYOND, Search
from conduit_widget.chat.history.search_text import phrases_of
from conduit_widget.chat.live.membership import MAX_LISTED
from conduit_widget.chat.methods.base import ChatMethods
from conduit_widget.chat.methods.validation import check_conversation_id, check_position, check_user_id
from conduit_widget.contract import MAX_QUERY_CHARS, MAX_SEARCH_HITS, ChatMethod, ErrorText
from conduit_widget.errors import HubException, ValidationError
from conduit_widget.hub.calls.hub import hub_method
from conduit_widget.hub.delivery.connection import HubConnectionContext
from conduit_widget.text.times import iso_time
from conduit_widget.types import SearchOptions, SearchResult

_EVERYWHERE = SearchOptions()


class SearchMethods(ChatMethods):
    """Search in one conversation, or in all that the caller may read."""

    @hub_method(ChatMethod.SEARCH_MESSAGES, reads=True)
    async def search_messages(
        self, caller: HubConnectionContext, query: str, options: SearchOptions | None = None
    ) -> SearchResult:
        """Return the newest messages that have every word and every "quoted phrase" of ``query``.

        The beginning of the last word is enough. Deleted text and answers under way are never found.
        """
        options = options or _EVERYWHERE
        if len(query) > MAX_QUERY_CHARS:
            text = f"has {len(query)} characters; the limit is {MAX_QUERY_CHARS}"
            raise ValidationError("query", text)
        phrases = phrases_of(query)
        if not phrases:
            raise ValidationError("query", "needs a letter or a digit")
        if not 1 <= options.limit <= MAX_SEARCH_HITS:
            raise ValidationError("limit", f"must be from 1 to {MAX_SEARCH_HITS}")
        before = options.before_seq
        if before is not None and options.conversation_id is None:
            raise ValidationError("beforeSeq", "is a position in one conversation: name it, or use until")
        search = Search(
            phrases=phrases,
            conversation_ids=await self._searched(caller, options.conversation_id),
            author_id=None if options.author is None else check_user_id(options.author),
            by_user=None if options.role is None else options.role == "user",
            since=_moment("since", options.since) or "",
            until=_moment("until", options.until) or ALWAYS,
            before_seq=BEYOND if before is None else check_position("beforeSeq", before, least=1),
            limit=options.limit,
            max_bytes=self._settings.reply_bytes,
        )
        if not search.conversation_ids:
            return SearchResult(hits=[], has_more=False)
        return await self._store.search(search)

    async def _searched(self, caller: HubConnectionContext, conversation_id: str | None) -> list[str]:
        """Return the conversations that the caller may search: joined ones, and those they have a role in."""
        user_id = caller.user.user_id
        if conversation_id is not None:
            if check_conversation_id(conversation_id) in self._joined(caller):
                await self._readable(caller, conversation_id)
            elif await self._store.role(conversation_id, user_id) is None:
                raise HubException(ErrorText.UNAUTHORIZED)
            return [conversation_id]
        ids = [record.id for record, _ in await self._store.conversations_of(user_id, limit=MAX_LISTED)]
        for joined in list(self._joined(caller).values()):
            if joined.conversation_id in ids or not joined.has(caller.connection_id):
                continue
            if await joined.access.role(user_id) is not None:
                ids.append(joined.conversation_id)
        return ids


def _moment(field: str, value: str | None) -> str | None:
    """Return a moment as it is stored."""
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
        return iso_time(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        raise ValidationError(field, "must be a time as in ISO 8601: 2026-01-31T12:00:00Z") from None
