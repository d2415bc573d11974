"""Who saw what: finds lost, doubled and reordered messages in what several clients observed.

Messages are numbered from 0 by the checker; an observer needs one byte for each, so that a long run's own
bookkeeping does not look like a leak.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

NOT_YET: Final = 0
MAX_FINDINGS: Final = 20

Sighting = tuple[int, int]
"""A message seen: its place in the conversation (``seq``) and its number."""


@dataclass
class Verdict:
    """Counts over all observers and the log, and the first findings in words."""

    messages: int = 0
    lost: int = 0
    doubled: int = 0
    reordered: int = 0
    findings: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Whether everything arrived once and in order."""
        return not (self.lost or self.doubled or self.reordered)

    def note(self, text: str) -> None:
        """Keep a finding, if there are not too many yet."""
        if len(self.findings) < MAX_FINDINGS:
            self.findings.append(text)


class Observer:
    """What one client saw. Live sightings must rise; each message may come once."""

    def __init__(self, name: str, checker: HistoryChecker) -> None:
        self.name = name
        self.last = 0
        self.snapshots = 0
        self._checker = checker
        self._times = bytearray()

    def live(self, seq: int, number: int) -> None:
        """A message arrived as an event, or among the missed ones after a resume."""
        verdict = self._checker.verdict_so_far
        if seq <= self.last:
            verdict.reordered += 1
            verdict.note(f"{self.name}: message {number} came with seq {seq} after {self.last}")
        if self.has(number):
            verdict.doubled += 1
            verdict.note(f"{self.name}: message {number} (seq {seq}) came again")
        self.last = max(self.last, seq)
        self._mark(seq, number)

    def snapshot(self, sightings: Iterable[Sighting]) -> int | None:
        """A snapshot replaced everything; return the seq before which history is needed, if it is."""
        self.snapshots += 1
        before, lowest = self.last, None
        for seq, number in sightings:
            lowest = seq if lowest is None else min(lowest, seq)
            self.last = max(self.last, seq)
            self._mark(seq, number)
        return lowest if lowest is not None and lowest > before + 1 else None

    def history(self, sightings: Iterable[Sighting]) -> None:
        """Older messages were loaded."""
        for seq, number in sightings:
            self._mark(seq, number)

    def has(self, number: int) -> bool:
        """Whether a message was seen."""
        return number < len(self._times) and self._times[number] != NOT_YET

    def _mark(self, seq: int, number: int) -> None:
        if number >= len(self._times):
            self._times.extend(bytes(number + 1 - len(self._times)))
        self._times[number] = 1
        self._checker.place(self.name, seq, number)


class HistoryChecker:
    """Collects what was sent, acknowledged and seen, and compares it."""

    def __init__(self) -> None:
        self.verdict_so_far = Verdict()
        self.observers: list[Observer] = []
        self._place = array("q")
        self._acknowledged = bytearray()

    @property
    def sent(self) -> int:
        """How many messages were sent."""
        return len(self._place)

    @property
    def acknowledged(self) -> int:
        """How many of them have a receipt."""
        return sum(self._acknowledged)

    def observer(self, name: str) -> Observer:
        """Return a new observer; it must see everything."""
        observer = Observer(name, self)
        self.observers.append(observer)
        return observer

    def send(self) -> int:
        """Return the number of a new message."""
        self._place.append(NOT_YET)
        self._acknowledged.append(0)
        return len(self._place) - 1

    def acknowledge(self, seq: int, number: int) -> None:
        """A receipt came; a second one for the same message must name the same place."""
        self._acknowledged[number] = 1
        self.place("receipt", seq, number)

    def place(self, who: str, seq: int, number: int) -> None:
        """Everybody must agree where a message stands."""
        known = self._place[number]
        if known == NOT_YET:
            self._place[number] = seq
        elif known != seq:
            self.verdict_so_far.doubled += 1
            self.verdict_so_far.note(f"{who}: message {number} stands at {seq} and at {known}")

    def missing(self, observer: Observer) -> int:
        """How many acknowledged messages an observer has not seen."""
        return sum(done and not observer.has(number) for number, done in enumerate(self._acknowledged))

    def verdict(self, log: Sequence[Sighting]) -> Verdict:
        """Compare with the hub's whole log, oldest first."""
        verdict = self.verdict_so_far
        verdict.messages = self.sent
        seen: set[int] = set()
        last = 0
        for seq, number in log:
            if number in seen:
                verdict.doubled += 1
                verdict.note(f"log: message {number} stands there twice")
            if seq <= last:
                verdict.reordered += 1
                verdict.note(f"log: seq {seq} after {last}")
            seen.add(number)
            last = seq
            self.place("log", seq, number)
        for number, done in enumerate(self._acknowledged):
            if done and number not in seen:
                verdict.lost += 1
                verdict.note(f"log: acknowledged message {number} is not there")
        for observer in self.observers:
            for number in seen:
                if not observer.has(number):
                    verdict.lost += 1
                    verdict.note(f"{observer.name}: message {number} never came")
        return verdict
