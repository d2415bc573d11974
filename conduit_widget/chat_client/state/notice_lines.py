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
from conduit_widget.text.plain_text import plain_name
from conduit_widget.text.said import Said

_NAME_CHARS: Final = 64
_TEXT_CHARS: Final = 300
_SHOWN_MODELS: Final = 3
_OWN_LIMITS: Final = "hub"

Payload = Mapping[str, Any]


def _failover(notice: Payload) -> NoticeLine | None:
    """Read the hub's own sentence, if it sends one; what it names has said enough for another."""
    away, to = _place(notice.get("from")), _place(notice.get("to"))
    if notice.get("midStream") is True:
        key = (
            "{away} broke off{why}; {to} goes on from there."
            if to
            else "{away} broke off{why}; no other provider could go on."
        )
    else:
        key = (
            "{away} did not answer{why}; {to} answers instead."
            if to
            else "{away} did not answer{why}; no other provider could answer."
        )
    why = _text(notice.get("reason")).replace("_", " ")
    said = Said.of(key, away=away, why=f" ({why})" if why else "", **({"to": to} if to else {}))
    own = _text(notice.get("text"))
    return _line("failover", notice, own or str(said), [said] if away else None)


def _limit(notice: Payload) -> NoticeLine | None:
    provider = _name(notice.get("provider"))
    is_own = provider == _OWN_LIMITS
    kind = _name(notice.get("name") if is_own else notice.get("scope")) or "requests"
    used, remaining, limit = (_number(notice.get(key)) for key in ("percentageUsed", "remaining", "limit"))
    who: dict[str, str] = {} if is_own else {"provider": provider}
    if used is not None:
        told = (
            "You have used {used} % of the {kind} this hub allows you"
            if is_own
            else "{provider} has used {used} % of its {kind}"
        )
        counts: dict[str, str] = {}
        if remaining is not None and limit is not None:
            told += " ({left} of {limit} left)"
            counts = {"left": f"{remaining:g}", "limit": f"{limit:g}"}
        said = [Said.of(f"{told}.", kind=kind, used=f"{used:.0f}", **who, **counts)]
    elif remaining is not None:
        told = "You have {left} {kind} left." if is_own else "{provider} has {left} {kind} left."
        said = [Said.of(told, kind=kind, left=f"{remaining:g}", **who)]
    else:
        return None
    forecast = _number(notice.get("forecastSeconds"))
    if forecast is not None:
        said.append(Said.of("At this rate the rest lasts about {time}.", time=duration(forecast)))
    return _line("limit", notice, " ".join(map(str, said)), said)


def _models(notice: Payload) -> NoticeLine | None:
    provider = _name(notice.get("provider"))
    added, removed = _list(notice.get("added")), _list(notice.get("removed"))
    if added and removed:
        key = "{provider} now has {added} and no longer has {removed}."
    elif added:
        key = "{provider} now has {added}."
    elif removed:
        key = "{provider} no longer has {removed}."
    else:
        return None
    named = {name: models for name, models in (("added", added), ("removed", removed)) if models}
    said = Said.of(key, provider=provider, **named)
    return _line("models", notice, str(said), [said])


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


def _line(kind: NoticeKind, notice: Payload, text: str, said: list[Said] | None = None) -> NoticeLine | None:
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
        said=said,
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
