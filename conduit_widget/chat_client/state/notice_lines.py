"""The hub's notices as lines for people: a failover, a limit that fills up, models that come and go.

What a notice holds comes from a server: names are shortened and made plain, a number that is none is left
out, and a notice that says nothing has no line.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final

from conduit_widget.chat_client.state.changes import NoticeKind, NoticeLine
from conduit_widget.contract import StatusEvent
from conduit_widget.plain_text import plain_name

_NAME_CHARS: Final = 64
_TEXT_CHARS: Final = 300
_SHOWN_MODELS: Final = 3
_OWN_LIMITS: Final = "hub"

Payload = Mapping[str, Any]


def _failover(notice: Payload) -> NoticeLine | None:
    """Read the hub's own sentence; one who sends none has said enough for another."""
    if text := _text(notice.get("text")):
        return _line("failover", notice, text)
    away, to = _place(notice.get("from")), _place(notice.get("to"))
    if notice.get("midStream") is True:
        happened = f"{away} broke off"
        then = f"{to} goes on from there" if to else "no other provider could go on"
    else:
        happened = f"{away} did not answer"
        then = f"{to} answers instead" if to else "no other provider could answer"
    why = _text(notice.get("reason")).replace("_", " ")
    return _line("failover", notice, f"{happened}{f' ({why})' if why else ''}; {then}.")


def _limit(notice: Payload) -> NoticeLine | None:
    provider = _name(notice.get("provider"))
    is_own = provider == _OWN_LIMITS
    kind = _name(notice.get("name") if is_own else notice.get("scope")) or "requests"
    used, remaining, limit = (_number(notice.get(key)) for key in ("percentageUsed", "remaining", "limit"))
    whose = (
        f"You have used {{}} of the {kind} this hub allows you"
        if is_own
        else f"{provider} has used {{}} of its {kind}"
    )
    if used is not None:
        told = whose.format(f"{used:.0f} %")
        left = f" ({remaining:g} of {limit:g} left)" if remaining is not None and limit is not None else ""
        text = f"{told}{left}."
    elif remaining is not None:
        text = f"{'You have' if is_own else f'{provider} has'} {remaining:g} {kind} left."
    else:
        return None
    forecast = _number(notice.get("forecastSeconds"))
    if forecast is not None:
        text += f" At this rate the rest lasts about {duration(forecast)}."
    return _line("limit", notice, text)


def _models(notice: Payload) -> NoticeLine | None:
    added, removed = _list(notice.get("added")), _list(notice.get("removed"))
    parts = [f"{words} {each}" for words, each in (("now has", added), ("no longer has", removed)) if each]
    if not parts:
        return None
    return _line("models", notice, f"{_name(notice.get('provider'))} {' and '.join(parts)}.")


def _announcement(notice: Payload) -> NoticeLine | None:
    return _line("announcement", notice, _text(notice.get("text")))


NOTICE_READERS: Final[dict[str, Callable[[Payload], NoticeLine | None]]] = {
    StatusEvent.PROVIDER_FAILOVER: _failover,
    StatusEvent.RATE_LIMIT_WARNING: _limit,
    StatusEvent.MODEL_AVAILABILITY_CHANGED: _models,
    StatusEvent.SYSTEM_ANNOUNCEMENT: _announcement,
}
"""What reads each notice event; None where it has nothing to say."""


def duration(seconds: float) -> str:
    """Return a time in words: ``40 s``, ``2 min 5 s``, ``3 h 10 min``."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min" + (f" {rest} s" if rest and minutes < 10 else "")
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h" + (f" {minutes} min" if minutes else "")


def _line(kind: NoticeKind, notice: Payload, text: str) -> NoticeLine | None:
    if not text:
        return None
    priority = notice.get("priority")
    return NoticeLine(
        id=_text(notice.get("id")) or str(uuid.uuid4()),
        kind=kind,
        text=plain_name(text, _TEXT_CHARS),
        timestamp=_text(notice.get("timestamp")),
        priority=priority if isinstance(priority, int) else 0,
        conversation_id=_id(notice.get("conversationId")),
        message_id=_id(notice.get("messageId")),
    )


def _place(value: object) -> str:
    """Name a provider and its model: ``openai (gpt-4o)``; empty where there is none."""
    if not isinstance(value, Mapping):
        return _name(value)
    provider, model = _name(value.get("provider")), _name(value.get("model"))
    return f"{provider} ({model})" if provider and model else provider or model


def _list(value: object) -> str:
    names = [name for each in value if (name := _name(each))] if isinstance(value, list) else []
    more = len(names) - _SHOWN_MODELS
    return ", ".join(names[:_SHOWN_MODELS]) + (f" and {more} more" if more > 0 else "")


def _name(value: object) -> str:
    return plain_name(value, _NAME_CHARS) if isinstance(value, str) else ""


def _id(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _text(value: object) -> str:
    return plain_name(value, _TEXT_CHARS) if isinstance(value, str) else ""


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
