"""The browser parts of the widgets: one ES module each, built from ``js/`` as ``js/entries.json`` says."""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import Final

from conduit_widget.errors import FrontEndMissingError
from conduit_widget.widget.browser import build

STATIC: Final = build.STATIC

# In a saved document there is no kernel: the transcript beside it speaks, the view shows nothing.
SILENT_MODULE: Final = "export default { render({ el }) { el.style.display = 'none'; } };"

BOOTSTRAP: Final = """\
const w=(async()=>(await import(new URL(JSON.parse(document.getElementById("jupyter-config-data")
.textContent).baseUrl+"%PATH#"+Math.random(),location))).default())(),
f=(k,g)=>x=>{let e,d;w.then(m=>d||(e=m[k](x)),()=>g?.(x));return()=>{d=1;e?.()}};
export default{initialize:f("initialize",x=>x.model.send({kind:"inline"})),render:f("render")}
"""
"""Imports the module from the page's own server, or asks the kernel for it where there is none.

The host waits for neither: what takes two seconds would never hear a message. The fragment gives each widget
a module of its own, as it would have without a server; the file is fetched once.
"""

_read: dict[Path, tuple[int, str]] = {}  # all widgets of one class in the process share one text


def front_end(name: str) -> dict[str, str]:
    """Return the traits that carry a widget's browser part: ``_esm``, and ``_css`` where it has such a file.

    Where the Jupyter server serves the same build, ``_esm`` is :data:`BOOTSTRAP`. A file is read again when a
    new build has replaced it. Example: ``super().__init__(**front_end("chat"))``.

    Raises:
        FrontEndMissingError: it was not built.

    """
    module = whole_module(name)
    served = os.environ.get(build.SERVED_VARIABLE)
    if served and _is_served(served):
        module = BOOTSTRAP.replace("%PATH", f"conduit/static/{served}/{name}.js")
    style = STATIC / f"{name}.css"
    return {"_esm": module, **({"_css": _text(style)} if style.exists() else {})}


def whole_module(name: str) -> str:
    """Return the module of a widget's browser part.

    Raises:
        FrontEndMissingError: it was not built.

    """
    try:
        return _text(STATIC / f"{name}.js")
    except OSError:
        raise FrontEndMissingError(
            "The widget's browser part is not built: run `pip install .` (or `npm run build` in js/)."
        ) from None


@functools.cache
def _is_served(name: str) -> bool:
    """Whether the Jupyter server that has started this kernel serves the very build that we have."""
    return name == build.hash_of(build.build_parts(STATIC))


def _text(path: Path) -> str:
    modified = path.stat().st_mtime_ns
    known = _read.get(path)
    if known is None or known[0] != modified:
        known = _read[path] = (modified, path.read_text(encoding="utf-8"))
    return known[1]
