"""What becomes a label of the chat's metrics."""

from __future__ import annotations

from contextlib import aclosing

from prometheus_client import generate_latest

from conduit_widget.chat.status.chat_metrics import ChatMetrics
from conduit_widget.providers.provider import Chunk, GenerationRequest
from tests.support.scripted_provider import ScriptedDirectory, ScriptedProvider


async def test_models_name_is_a_short_plain_label() -> None:
    """However long and odd a server's names are, the page of the metrics stays small."""
    metrics = ChatMetrics()
    for number in range(100):
        provider = ScriptedProvider([Chunk("x", f"{number}\u202e\n" + "m" * 100_000)])
        measured = metrics.observing(ScriptedDirectory(provider)).select(None, None)
        async with aclosing(measured.generate(GenerationRequest(messages=[]))) as chunks:
            async for _ in chunks:
                pass
    page = generate_latest(metrics.registry).decode()
    assert len(page) < 1 << 20
    assert "\u202e" not in page
    assert "m" * 120 in page
    assert "m" * 129 not in page
    assert 'gen_ai_response_model="other"' in page
