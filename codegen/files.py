"""The generated files and what stands in them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from codegen.hub_proxies import hub_proxies_python
from codegen.typescript import contract_typescript

ROOT: Final = Path(__file__).resolve().parents[1]


def generated_files() -> dict[Path, str]:
    """Return the text of every generated file, by its path."""
    return {
        ROOT / "js/src/contract.ts": contract_typescript(),
        ROOT / "conduit_widget/chat_client/hub_proxies.py": hub_proxies_python(),
    }
