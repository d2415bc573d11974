"""Redaction: values of tokens and keys leave every line, the rest stays."""

from __future__ import annotations

import io
import logging

import pytest

from conduit_widget.hub.logs.redaction import RedactionFilter, redact

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        (f"GET /hubs/chat?access_token={JWT}&id=5", "GET /hubs/chat?access_token=[redacted]&id=5"),
        ("?api_key=condt_abc HTTP", "?api_key=[redacted] HTTP"),
        ("?ACCESS_TOKEN=abc", "?ACCESS_TOKEN=[redacted]"),
        ("?next=%2F%3Faccess_token%3Dabc", "?next=%2F%3Faccess_token%3D[redacted]"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer [redacted]"),
        ("(b'authorization', b'bearer abc')", "(b'authorization', b'bearer [redacted]')"),
        ("(b'x-api-key', b'secret')", "(b'x-api-key', b'[redacted]')"),
        ("X-API-Key: secret", "X-API-Key: [redacted]"),
        (f"token {JWT} seen", "token [redacted] seen"),
        ("key condt_abc-def.", "key [redacted]."),
        ("nothing to hide", "nothing to hide"),
    ],
)
def test_secret_is_removed_and_the_rest_kept(text: str, clean: str) -> None:
    """Each place a secret may stand in."""
    assert redact(text) == clean


def test_filter_cleans_message_arguments_and_traceback() -> None:
    """Whatever way a secret gets into a record, the line has none."""
    stream = io.StringIO()
    logger = logging.Logger("test")
    logger.addHandler(logging.StreamHandler(stream))
    logger.addFilter(RedactionFilter())
    logger.warning("%s: %s", "x-api-key", "hidden")
    logger.warning("path %s", f"/hubs/chat?access_token={JWT}")
    try:
        raise ValueError(f"failed at ?access_token={JWT}")
    except ValueError:
        logger.exception("it failed")
    text = stream.getvalue()
    assert JWT not in text
    assert "hidden" not in text
    assert "ValueError: failed at ?access_token=[redacted]" in text


def test_filter_keeps_the_access_log_s_arguments() -> None:
    """Uvicorn's formatter unpacks five arguments; they stay five."""
    arguments = ("127.0.0.1:1", "GET", f"/?access_token={JWT}", "1.1", 200)
    record = logging.LogRecord("uvicorn.access", 20, "", 0, '%s - "%s %s HTTP/%s" %d', arguments, None)
    assert RedactionFilter().filter(record)
    assert isinstance(record.args, tuple)
    assert record.args[2] == "/?access_token=[redacted]"
    assert len(record.args) == 5
