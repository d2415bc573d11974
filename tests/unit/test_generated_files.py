"""What is made from the contract is checked in as it would be made now."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.codegen.files import GENERATED_FILES, ROOT, generated_text


@pytest.mark.parametrize("path", GENERATED_FILES, ids=lambda path: path.name)
def test_generated_file_is_up_to_date(path: Path) -> None:
    """Where this fails, run ``python -m tests.codegen`` and commit what it writes."""
    assert path.read_text(encoding="utf-8") == generated_text(path)


def test_a_change_of_the_contract_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another number of the contract makes another file."""
    path = ROOT / "js" / "src" / "contract.ts"
    monkeypatch.setattr("conduit_widget.contract.MAX_CONTENT_BYTES", 1)
    assert path.read_text(encoding="utf-8") != generated_text(path)
