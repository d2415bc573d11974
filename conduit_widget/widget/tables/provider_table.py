"""The providers as a table: of text at a prompt, of HTML in a notebook."""

from __future__ import annotations

import html
import time
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from conduit_widget.chat_client.state.notice_lines import duration
from conduit_widget.text.plain_text import plain_name
from conduit_widget.types import BreakerState, ProviderState, ProviderStatus, RateLimit

_COLUMNS: Final = ("Provider", "State", "Breaker", "First token", "Errors", "Limits", "Models")
_STATE_WORDS: Final[dict[ProviderState, str]] = {
    "healthy": "ready",
    "degraded": "slow or failing",
    "rate_limited": "rate limited",
    "down": "not reachable",
    "unknown": "not checked yet",
    "disabled": "off",
}
_BREAKER_WORDS: Final[dict[BreakerState, str]] = {
    "closed": "closed",
    "open": "open",
    "half_open": "trying one",
}
_TONES: Final[dict[ProviderState, str]] = {
    "healthy": "#2e7d32",
    "degraded": "#b26a00",
    "rate_limited": "#b26a00",
    "down": "#c62828",
    "unknown": "#8a8f98",
    "disabled": "#8a8f98",
}
_NAME_CHARS: Final = 64
_REASON_CHARS: Final = 200
_SHOWN_MODELS: Final = 6
_NOTHING: Final = "-"
_EMPTY: Final = "The hub has named no provider."

_CELL: Final = "text-align:left;vertical-align:top;padding:3px 14px 3px 0"
_LINE: Final = "border-top:1px solid rgba(128,128,128,.3)"
_NOTE: Final = "font-size:.88em;opacity:.75"


class ProviderTable(tuple[ProviderStatus, ...]):
    """The status of every provider, in the hub's order; shown as a table.

    ::

        for provider in chat.providers:
            print(provider.provider, provider.state, provider.models)
    """

    __slots__ = ()

    def __repr__(self) -> str:
        """Return the table as text, a row a provider."""
        if not self:
            return _EMPTY
        rows = [_COLUMNS, *(_cells(status) for status in self)]
        widths = [max(len(row[at]) for row in rows) for at in range(len(_COLUMNS))]
        lines = []
        for at, row in enumerate(rows):
            lines.append(
                "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            )
            if at and (note := _note(self[at - 1])):
                lines.append(f"  {note}")
        return "\n".join(lines)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        """Show the table in a notebook; names and reasons are escaped."""
        return {"text/plain": repr(self), "text/html": self._html()}

    def _html(self) -> str:
        if not self:
            return f"<p>{_EMPTY}</p>"
        head = "".join(f'<th scope="col" style="{_CELL}">{name}</th>' for name in _COLUMNS)
        body = "".join(_row_html(status) for status in self)
        return (
            '<table style="border-collapse:collapse;font-variant-numeric:tabular-nums">'
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        )


def limit_line(scope: str, stated: RateLimit | None) -> str:
    """Return what is left of a limit: ``18 of 100 requests, resets in 40 s``; empty if unknown."""
    if stated is None:
        return ""
    limit, remaining = stated.limit, stated.remaining
    if remaining is not None:
        line = f"{remaining} of {limit} {scope}" if limit is not None else f"{remaining} {scope} left"
    elif limit is not None:
        line = f"{limit} {scope} at most"
    else:
        return ""
    left, forecast = seconds_until(stated.reset_time), stated.forecast_seconds
    parts = [line, f"resets in {duration(left)}" if left else ""]
    if forecast is not None and (left is None or forecast < left):
        parts.append(f"used up in about {duration(forecast)} at this rate")
    return ", ".join(filter(None, parts))


def seconds_until(moment: object) -> float | None:
    """Return the seconds until an ISO 8601 moment; None where it is past or none."""
    if not isinstance(moment, str):
        return None
    try:
        left = datetime.fromisoformat(moment).timestamp() - time.time()
    except (ValueError, OverflowError):
        return None
    return left if left > 0 else None


def _cells(status: ProviderStatus) -> tuple[str, ...]:
    ttft = status.latency.ttft_p50
    return (
        plain_name(status.provider, _NAME_CHARS),
        _STATE_WORDS[status.state],
        _BREAKER_WORDS[status.breaker],
        _NOTHING if ttft is None else f"{ttft / 1000:.2f} s",
        f"{status.error_rate * 100:.0f} %",
        "; ".join(_limits(status)) or _NOTHING,
        _model_names(status.models) or _NOTHING,
    )


def _limits(status: ProviderStatus) -> Iterable[str]:
    lines = (limit_line(scope, status.rate_limit.get(scope)) for scope in ("requests", "tokens"))
    return filter(None, lines)


def _model_names(models: Sequence[str]) -> str:
    more = len(models) - _SHOWN_MODELS
    shown = ", ".join(plain_name(model, _NAME_CHARS) for model in models[:_SHOWN_MODELS])
    return shown + (f" and {more} more" if more > 0 else "")


def _note(status: ProviderStatus) -> str:
    """Why the provider is as it is, and when it is tried again; empty where nothing is to be said."""
    reason = plain_name(status.reason, _REASON_CHARS)
    left = seconds_until(status.retry_at)
    return " ".join(filter(None, [reason, f"Tried again in {duration(left)}." if left else ""]))


def _row_html(status: ProviderStatus) -> str:
    name, *others = _cells(status)
    dot = (
        '<span aria-hidden="true" style="display:inline-block;width:.6em;height:.6em;border-radius:50%;'
        f'margin-right:.45em;background:{_TONES[status.state]}"></span>'
    )
    note = f'<div style="{_NOTE}">{html.escape(note)}</div>' if (note := _note(status)) else ""
    first = f'<th scope="row" style="{_CELL};{_LINE}"><bdi>{html.escape(name)}</bdi></th>'
    state = f'<td style="{_CELL};{_LINE}">{dot}{html.escape(others[0])}{note}</td>'
    rest = "".join(f'<td style="{_CELL};{_LINE}">{html.escape(each)}</td>' for each in others[1:])
    return f"<tr>{first}{state}{rest}</tr>"
