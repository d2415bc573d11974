"""What a cell shows."""

from __future__ import annotations

from conduit_widget.kernel.cell_output import WIDGET_VIEW, widget_bundle


def test_live_view_has_a_stable_line_of_text_first_and_no_html() -> None:
    """A collapsed output shows its first readable type: a line of text, the same in every run."""
    bundle = widget_bundle("Chat('team')", "model-1")
    assert next(iter(bundle.items())) == ("text/plain", "Chat('team')")
    assert bundle[WIDGET_VIEW]["model_id"] == "model-1"
    assert "text/html" not in bundle
