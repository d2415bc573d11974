"""What a history checker found."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

MAX_FINDINGS: Final = 20


@dataclass
class Verdict:
    """Counts over all observers and the log, and the first findings in words.

    ``oldest_lost_text`` is the age, in seconds, of streamed text that a crash took from an answer.
    """

    messages: int = 0
    acknowledged: int = 0
    lost: int = 0
    doubled: int = 0
    reordered: int = 0
    garbled: int = 0
    not_converged: int = 0
    oldest_lost_text: float = 0.0
    findings: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Whether everything arrived once, whole and in order, and all agree at the end."""
        return not (self.lost or self.doubled or self.reordered or self.garbled or self.not_converged)

    def note(self, text: str) -> None:
        """Keep a finding, if there are not too many yet."""
        if len(self.findings) < MAX_FINDINGS:
            self.findings.append(text)
