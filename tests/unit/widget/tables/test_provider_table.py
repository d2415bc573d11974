"""The providers as a table of text and of HTML."""

from __future__ import annotations

import time

from conduit_widget.text.times import iso_time
from conduit_widget.types import ProviderLatency, ProviderStatus, RateLimit
from conduit_widget.widget.tables.provider_table import ProviderTable, limit_line

READY = ProviderStatus(
    provider="local", state="healthy", latency=ProviderLatency(ttft_p50=412.0), models=["smol"]
)


def test_text_has_a_row_a_provider_and_the_reasons() -> None:
    """Aligned columns; what is not known is a dash, and a provider in trouble says why and until when."""
    down = ProviderStatus(
        provider="openai",
        state="down",
        breaker="open",
        error_rate=0.25,
        reason="The key is refused.",
        retry_at=iso_time(time.time() + 40.4),
    )
    head, local, openai, note = repr(ProviderTable((READY, down))).splitlines()
    assert head.split() == ["Provider", "State", "Breaker", "First", "token", "Errors", "Limits", "Models"]
    assert local.split() == ["local", "ready", "closed", "0.41", "s", "0", "%", "-", "smol"]
    assert openai.split() == ["openai", "not", "reachable", "open", "-", "25", "%", "-", "-"]
    assert note == "  The key is refused. Tried again in 40 s."
    assert local.index("ready") == openai.index("not") == head.index("State")
    assert repr(ProviderTable()) == "The hub has named no provider."


def test_html_escapes_what_servers_wrote() -> None:
    """A model's name and a reason are text; nothing in them acts."""
    evil = ProviderStatus(
        provider="<b>x</b>", state="down", reason="<script>alert(1)</script>", models=["<img src=x>"]
    )
    shown = ProviderTable((evil,))._repr_mimebundle_()["text/html"]
    assert "<script" not in shown
    assert "<img" not in shown
    assert "<b>" not in shown
    assert "&lt;script&gt;" in shown
    assert 'scope="col"' in shown
    assert 'scope="row"' in shown


def test_limits_are_told_as_far_as_they_are_stated() -> None:
    """Never a guess: a missing count or reset is left out."""
    reset = iso_time(time.time() + 90.4)
    assert limit_line("requests", RateLimit(limit=100, remaining=18, reset_time=reset)) == (
        "18 of 100 requests, resets in 1 min 30 s"
    )
    assert limit_line("tokens", RateLimit(remaining=5, reset_time="soon")) == "5 tokens left"
    assert limit_line("tokens", RateLimit(limit=5)) == "5 tokens at most"
    assert limit_line("tokens", RateLimit()) == ""
    assert limit_line("tokens", None) == ""


def test_a_limit_that_will_not_last_says_so() -> None:
    """The forecast is told where it comes before the reset."""
    reset = iso_time(time.time() + 90.4)
    soon = RateLimit(limit=100, remaining=18, reset_time=reset, forecast_seconds=40.2)
    assert limit_line("requests", soon).endswith("resets in 1 min 30 s, used up in about 40 s at this rate")
    later = RateLimit(limit=100, remaining=18, reset_time=reset, forecast_seconds=400.0)
    assert limit_line("requests", later).endswith("resets in 1 min 30 s")
