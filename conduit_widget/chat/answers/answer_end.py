"""How an answer ended, in the contract's word and, where that is odd, in one sentence for people."""

from __future__ import annotations

import dataclasses
import logging
import re
import secrets
import traceback
from collections.abc import Mapping
from typing import Final, cast, get_args

from conduit_widget.contract import ErrorText
from conduit_widget.errors import ProviderError
from conduit_widget.providers.provider import UnseenImages
from conduit_widget.types import ChatMessage, FinishReason, MessageError

_logger = logging.getLogger(__name__)

_FINISH_REASONS: Final = frozenset(get_args(FinishReason))
_MEANS: Final[dict[str, FinishReason]] = {
    **dict.fromkeys(
        ("stop", "eos", "eos_token", "end_turn", "stop_sequence", "complete", "completed"), "stop"
    ),
    **dict.fromkeys(("length", "max_tokens", "max_length", "model_length", "max_output_tokens"), "length"),
}
_FILTERS: Final = frozenset({"content_filter", "content_filtered", "safety", "recitation"})
_TOOLS: Final = frozenset({"tool_calls", "tool_call", "tool_use", "function_call"})
_BROKEN_OFF: Final = frozenset({"abort", "aborted", "cancelled", "canceled"})
_UNSEEN: Final[Mapping[UnseenImages, str]] = {
    "all": "This model does not see images; it answered from the text alone.",
    "some": "The model did not see every image: its server may not open a link, or cannot read such a file.",
}
_WORD: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.\-]{0,63}")


@dataclasses.dataclass(frozen=True, slots=True)
class AnswerEnd:
    """How an answer ended: ``reason`` is the contract's word, ``provider_reason`` the provider's own."""

    reason: FinishReason
    provider_reason: str | None = None
    notice: str | None = None
    error: MessageError | None = None


def end_of(
    said: str | None, provider: str, *, has_text: bool, has_reasoning: bool, unseen: UnseenImages = ""
) -> AnswerEnd:
    """Return what a provider's finish reason means. One without text has failed; its error says why.

    ``unseen``: which images of the question the model did not get.
    """
    word = said if said and _WORD.fullmatch(said) else "unknown" if said else "stop"
    reason = _MEANS.get(word.lower(), "stop")
    provider_reason = None if word == reason else word
    if not has_text:
        text = _why_empty(word.lower(), reason, provider, has_reasoning)
        error = MessageError(type="server_error", recoverable=True, code=_code(word, reason), message=text)
        return AnswerEnd("error", word, error=error)
    notices = [notice for notice in (_UNSEEN.get(unseen), _notice(word)) if notice is not None]
    return AnswerEnd(reason, provider_reason, notice=" ".join(notices) or None)


def end_by_error(error: BaseException) -> AnswerEnd:
    """Return the end of an answer that an exception cut off. Anything but a ``ProviderError`` is logged."""
    if isinstance(error, ProviderError):
        return AnswerEnd("error", error=_message_error(error))
    error_id = secrets.token_hex(8)
    # Not the error's text: a foreign provider may have put the prompt into it.
    place = traceback.extract_tb(error.__traceback__)[-1]
    _logger.error(
        "A generation failed (error ID %s): %s in %s:%s",
        error_id,
        type(error).__name__,
        place.filename,
        place.lineno,
    )
    text = ErrorText.UNEXPECTED.format(id=error_id)
    return AnswerEnd("error", error=MessageError(type="server_error", recoverable=True, message=text))


def finish_reason_of(message: ChatMessage) -> FinishReason | None:
    """Return why an answer ended, if its metadata say so."""
    reason = message.metadata.get("finishReason")
    return cast("FinishReason", reason) if reason in _FINISH_REASONS else None


def _message_error(error: ProviderError) -> MessageError:
    return MessageError(
        type=error.type,
        recoverable=error.recoverable,
        code=error.code,
        status_code=error.status_code,
        retry_after=error.retry_after,
        suggestions=list(error.suggestions),
        message=str(error),
    )


def _code(word: str, reason: FinishReason) -> str:
    """Return the code of an empty answer: ``no_text``, unless the provider gave a plainer reason."""
    if word.lower() in _MEANS:
        return "no_text" if reason == "stop" else reason
    return word


def _why_empty(word: str, reason: FinishReason, provider: str, has_reasoning: bool) -> str:
    if word in _FILTERS:
        return (
            f"The content filter of {provider} left no answer. Ask in other words, or choose another model."
        )
    if word == "refusal":
        return "The model declined to answer. Ask in other words, or choose another model."
    if word == "pause_turn":
        return f"{provider} paused before the answer began. Ask again."
    if word in _TOOLS:
        return "The model asked for a tool instead of answering. Ask again, or choose another model."
    if reason == "length" and has_reasoning:
        return "The model thought until its limit of tokens, and gave no answer. Allow more with maxTokens."
    if reason == "length":
        return "The limit of tokens left no room for an answer. Allow more with maxTokens."
    if word not in _MEANS:
        return f"{provider} ended the answer before it began ({word}). Ask again, or choose another model."
    if has_reasoning:
        return "The model thought, but gave no answer. Ask again, or choose another model."
    return f"{provider} sent an answer without text. Ask again, or choose another model."


def _notice(word: str) -> str | None:
    if word.lower() in _MEANS:
        return None
    if word.lower() in _FILTERS:
        return "The provider's content filter ended this answer."
    if word.lower() == "refusal":
        return "The model declined to go on with this answer."
    if word.lower() == "pause_turn":
        return "The provider paused this answer here; ask the model to go on."
    if word.lower() in _TOOLS:
        return "The model asked for a tool here, and has none."
    if word.lower() in _BROKEN_OFF:
        return f"The provider broke this answer off ({word})."
    return f"The provider ended this answer early ({word})."
