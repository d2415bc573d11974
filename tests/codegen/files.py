"""The generated files and what makes them."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
_MAKERS: Final = {
    # The proxies first: the other is made from a package that cannot be imported while they are out of date.
    "conduit_widget/chat_client/hub_proxies.py": ("tests.codegen.hub_proxies", "hub_proxies_python"),
    "notebooks/reference/providers.md": ("tests.codegen.provider_reference", "providers_markdown"),
    "js/src/contract.ts": ("tests.codegen.typescript", "contract_typescript"),
    "notebooks/reference/metrics.md": ("tests.codegen.metrics", "metrics_table"),
}
GENERATED_FILES: Final = tuple(ROOT / path for path in _MAKERS)


def generated_text(path: Path) -> str:
    """Return what should stand in one of :data:`GENERATED_FILES` now."""
    module, function = _MAKERS[path.relative_to(ROOT).as_posix()]
    text: str = getattr(importlib.import_module(module), function)()
    return text
