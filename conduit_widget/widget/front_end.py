"""The browser part of the widget: one ES module built from ``js/``."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from conduit_widget.errors import FrontEndMissingError

MODULE: Final = Path(__file__).parents[1] / "static" / "widget.js"

# In a saved document there is no kernel: the transcript beside it speaks, the view shows nothing.
SILENT_MODULE: Final = "export default { render({ el }) { el.style.display = 'none'; } };"

_cached: tuple[Path, int, str] | None = None


def front_end_source() -> str:
    """Return the module's text, read again when a new build has replaced it.

    Raises:
        FrontEndMissingError: it was not built.

    """
    global _cached  # noqa: PLW0603 - 200 kB that every chat of the process shares
    try:
        modified = MODULE.stat().st_mtime_ns
        if _cached is None or _cached[:2] != (MODULE, modified):
            _cached = (MODULE, modified, MODULE.read_text(encoding="utf-8"))
    except OSError:
        raise FrontEndMissingError(
            "The widget's browser part is not built: run `pip install .` (or `npm run build` in js/)."
        ) from None
    return _cached[2]
