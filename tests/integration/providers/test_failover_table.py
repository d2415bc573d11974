"""Each fault, alone and with a fallback, under both policies, leads to what the reference says."""

from __future__ import annotations

import pytest

from tests.support.providers.failover_faults import FAULTS, Fault
from tests.support.providers.failover_table import HEAD, TABLE, row


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
async def test_fault_leads_to_what_the_reference_says(fault: Fault) -> None:
    """Where this fails, run ``python -m tests.support.providers.failover_table`` and read what it changes."""
    assert await row(fault) in TABLE.read_text(encoding="utf-8").splitlines()


def test_reference_has_a_row_for_each_fault_and_no_other() -> None:
    """At least thirty, in their order."""
    text = TABLE.read_text(encoding="utf-8")
    assert text.startswith(HEAD)
    rows = text.removeprefix(HEAD).splitlines()
    assert [line.split(" | ")[0].removeprefix("| ") for line in rows] == [fault.name for fault in FAULTS]
    assert len(rows) >= 30
