"""Who saw what: finds what was lost, doubled, reordered or garbled in what several clients observed.

Like Jepsen's checkers: every message has a unique id, every client's observations come in its own order, and
the hub's log is the judge at the end. Observations are compared with what is known at once, so that a finding
names the moment; an observer needs a few bytes for each message, so that a long run's own bookkeeping does
not look like a leak. Text that is streamed is checked in ``streamed_text``.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, NamedTuple

from conduit_widget.types import ChatMessage
from tests.support.judging.streamed_text import StreamedText
from tests.support.judging.verdict import Verdict

NOT_YET: Final = 0
OPEN_STATUSES: Final = frozenset({"streaming", "queued"})


class Sighting(NamedTuple):
    """One version of a message: its place (``seq``) and the log position of the version (from 1)."""

    id: str
    seq: int
    position: int
    text: str = ""
    status: str = ""
    parent: str = ""
    edition: int = 1
    deleted: bool = False

    @classmethod
    def of(cls, message: ChatMessage) -> Sighting:
        """Read what the hub stamped on a message."""
        metadata = message.metadata
        seq = int(metadata.get("seq", NOT_YET))
        return cls(
            id=message.id,
            seq=seq,
            position=int(metadata.get("eventSeq", seq)),
            text=message.text,
            status=str(metadata.get("status", "")),
            parent=message.parent_id or "",
            edition=int(metadata.get("version", 1)),
            deleted="deletedAt" in metadata,
        )

    @classmethod
    def of_wire(cls, message: dict[str, Any]) -> Sighting:
        """Read a decoded payload."""
        return cls.of(ChatMessage.from_wire(message))

    @property
    def is_open(self) -> bool:
        """Whether its text is still being written."""
        return self.status in OPEN_STATUSES

    @property
    def version(self) -> int:
        """What everybody must agree on. An open answer's text is known by its deltas only."""
        said = "open" if self.is_open else self.text + self.status
        return hash((self.id, self.seq, said, self.deleted, self.edition))

    @property
    def moment(self) -> tuple[int, int, bool]:
        """What everybody must agree on the version of: a position of the log, in one of its readings.

        The text of an edited or deleted message is taken out of the log: whoever reads it later finds the
        new text, or a tombstone, where others saw the old.
        """
        return (self.position, self.edition, self.deleted)


class Observer:
    """What one client saw.

    ``strict``: it gets every event of the log, one position after the other (a client on the wire). Otherwise
    it shows changes only, where positions rise but may be left out (a client that heals itself).
    """

    def __init__(self, name: str, checker: HistoryChecker, *, strict: bool = False) -> None:
        self.name = name
        self.last = 0
        self.snapshots = 0
        self.texts = StreamedText(name, checker.verdict_so_far, checker.script)
        self._checker = checker
        self._strict = strict
        self._versions = array("q")
        self._unfinished: set[str] = set()
        self._gone: set[str] = set()
        self._editions: dict[str, int] = {}

    def live(self, seen: Sighting) -> None:
        """An event arrived, or was among the missed ones after a resume."""
        verdict = self._checker.verdict_so_far
        if seen.position <= self.last:
            doubled = self.version_of(seen.id) >= seen.position
            verdict.doubled += doubled
            verdict.reordered += not doubled
            verdict.note(f"{self.name}: {seen.id} came with position {seen.position} after {self.last}")
        elif self._strict and seen.position != self.last + 1:
            verdict.lost += 1
            verdict.note(
                f"{self.name}: {seen.id} came with position {seen.position} after {self.last}: a gap"
            )
        if seen.position == seen.seq and self.has(seen.id):
            verdict.doubled += 1
            verdict.note(f"{self.name}: {seen.id} (seq {seen.seq}) came again")
        self.last = max(self.last, seen.position)
        self._mark(seen)

    def snapshot(self, sightings: Iterable[Sighting], position: int = 0) -> int | None:
        """A snapshot replaced everything; return the seq before which history is needed, if it is.

        That is where something older may have been missed: a message, or an answer's end. ``position`` is
        where the snapshot was taken, if that is told.
        """
        self.snapshots += 1
        before, lowest, unfinished = self.last, None, set(self._unfinished)
        for seen in sightings:
            unfinished.discard(seen.id)
            lowest = seen.seq if lowest is None else min(lowest, seen.seq)
            self.last = max(self.last, seen.position)
            self._mark(seen)
        self.last = max(self.last, position)
        return lowest if lowest is not None and (lowest > before + 1 or unfinished) else None

    def history(self, sightings: Iterable[Sighting]) -> None:
        """Older messages were loaded."""
        for seen in sightings:
            self._mark(seen)

    @property
    def unfinished(self) -> int:
        """How many answers have no end yet in its eyes."""
        return len(self._unfinished)

    def has(self, message_id: str) -> bool:
        """Whether a message was seen."""
        return self.version_of(message_id) != NOT_YET

    def version_of(self, message_id: str) -> int:
        """Return the log position of the newest version seen; 0 for none."""
        number = self._checker.number_of(message_id)
        return self._versions[number] if number < len(self._versions) else NOT_YET

    def _mark(self, seen: Sighting) -> None:
        number = self._checker.number_of(seen.id)
        if number >= len(self._versions):
            self._versions.extend([NOT_YET] * (number + 1 - len(self._versions)))
        if seen.position >= self._versions[number]:
            self._versions[number] = seen.position
            (self._unfinished.add if seen.is_open else self._unfinished.discard)(seen.id)
        self._check_revision(seen)
        self._checker.agree(self.name, seen)
        if seen.deleted:
            self.texts.gone(seen.id)
        elif seen.parent and not seen.is_open:
            self.texts.final(seen.id, seen.text, seen.status, seen.parent)

    def _check_revision(self, seen: Sighting) -> None:
        """What was deleted or edited must not come back, in whatever way it is read."""
        verdict = self._checker.verdict_so_far
        if seen.deleted:
            self._gone.add(seen.id)
            if seen.text:
                verdict.garbled += 1
                verdict.note(f"{self.name}: deleted {seen.id} still says something")
        elif seen.id in self._gone:
            verdict.garbled += 1
            verdict.note(f"{self.name}: deleted {seen.id} came back")
        if seen.edition < self._editions.get(seen.id, 1) and not seen.deleted:
            verdict.garbled += 1
            verdict.note(f"{self.name}: an earlier text of {seen.id} came back")
        if seen.edition > 1:
            self._editions[seen.id] = max(seen.edition, self._editions.get(seen.id, 1))


class HistoryChecker:
    """Collects what was sent, acknowledged and seen, and compares it.

    ``script`` gives the whole text of the answer to a message id, where the answers follow a script.
    """

    def __init__(self, script: Callable[[str], str] | None = None) -> None:
        self.verdict_so_far = Verdict()
        self.observers: list[Observer] = []
        self.script = script
        self._numbers: dict[str, int] = {}
        self._place = array("q")
        self._sent: set[str] = set()
        self._receipts: dict[str, tuple[int, str]] = {}
        self._versions: dict[tuple[int, int, bool], int] = {}

    @property
    def sent(self) -> int:
        """How many messages were sent."""
        return len(self._sent)

    @property
    def acknowledged(self) -> int:
        """How many of them have a receipt."""
        return len(self._receipts)

    def observer(self, name: str, *, strict: bool = False) -> Observer:
        """Return a new observer; it must see everything."""
        observer = Observer(name, self, strict=strict)
        self.observers.append(observer)
        return observer

    def number_of(self, message_id: str) -> int:
        """Return the number of a message, in the order they were first heard of."""
        number = self._numbers.setdefault(message_id, len(self._numbers))
        if number == len(self._place):
            self._place.append(NOT_YET)
        return number

    def send(self, message_id: str) -> None:
        """A message is about to be sent."""
        self._sent.add(message_id)

    def acknowledge(self, message_id: str, seq: int, answer_id: str | None = None) -> None:
        """A receipt came; a second one for the same message must be the same."""
        receipt = (seq, answer_id or "")
        known = self._receipts.setdefault(message_id, receipt)
        if known != receipt:
            self.verdict_so_far.doubled += 1
            self.verdict_so_far.note(f"receipt: {message_id} has {receipt} and {known}")
        self._stand("receipt", message_id, seq)

    def agree(self, who: str, seen: Sighting) -> None:
        """Everybody must agree where a message stands, and what happened at a position of the log."""
        self._stand(who, seen.id, seen.seq)
        if self._versions.setdefault(seen.moment, seen.version) != seen.version:
            self.verdict_so_far.garbled += 1
            self.verdict_so_far.note(f"{who}: another {seen.id} at position {seen.position} than others saw")

    def _stand(self, who: str, message_id: str, seq: int) -> None:
        number = self.number_of(message_id)
        known = self._place[number]
        if known == NOT_YET:
            self._place[number] = seq
        elif known != seq:
            self.verdict_so_far.doubled += 1
            self.verdict_so_far.note(f"{who}: {message_id} stands at {seq} and at {known}")

    def missing(self, observer: Observer) -> int:
        """How many acknowledged messages an observer has not seen."""
        return sum(not observer.has(message_id) for message_id in self._receipts)

    def present(self, who: str, found: Iterable[str], expected: Iterable[str]) -> None:
        """Who is there in somebody's eyes, when all has come to rest."""
        listed = sorted(found)
        if listed != sorted(expected):
            self.verdict_so_far.not_converged += 1
            self.verdict_so_far.note(f"{who}: sees {listed}, there are {sorted(expected)}")

    def verdict(self, log: Sequence[Sighting]) -> Verdict:
        """Compare with the hub's whole log, oldest first: every event (or message, where none changed)."""
        verdict = self.verdict_so_far
        verdict.messages, verdict.acknowledged = self.sent, self.acknowledged
        newest = self._check_log(log)
        for message_id in self._receipts:
            if message_id not in newest:
                verdict.lost += 1
                verdict.note(f"log: acknowledged {message_id} is not there")
        for position in {position for position, *_ in self._versions} - {seen.position for seen in log}:
            verdict.lost += 1
            verdict.note(f"log: position {position}, which somebody saw, is not there")
        for observer in self.observers:
            self._check_end(observer, newest)
        return verdict

    def _check_log(self, log: Sequence[Sighting]) -> dict[str, Sighting]:
        """Check the log in itself; return the newest version of each message."""
        verdict = self.verdict_so_far
        newest: dict[str, Sighting] = {}
        for expected, seen in enumerate(log, start=1):
            if seen.position != expected:
                verdict.reordered += 1
                verdict.note(f"log: position {seen.position} where {expected} should stand")
            if (seen.id in newest) == (seen.position == seen.seq):
                verdict.doubled += 1
                verdict.note(f"log: {seen.id} stands there twice, or changes before it is there")
            newest[seen.id] = seen
            self.agree("log", seen)
        for seen in newest.values():
            self._check_answer(seen)
        return newest

    def _check_answer(self, seen: Sighting) -> None:
        """A scripted answer that is over has the script's text, or the beginning of it."""
        if self.script is None or not seen.parent or seen.deleted:
            return
        script, verdict = self.script(seen.parent), self.verdict_so_far
        if seen.is_open:
            verdict.not_converged += 1
            verdict.note(f"log: answer {seen.id} has no end")
        elif not script.startswith(seen.text) or (seen.status == "complete" and script != seen.text):
            verdict.garbled += 1
            verdict.note(f"log: answer {seen.id} ({seen.status}) is not what the model said")

    def _check_end(self, observer: Observer, newest: dict[str, Sighting]) -> None:
        verdict = self.verdict_so_far
        for seen in newest.values():
            known = observer.version_of(seen.id)
            if known == NOT_YET:
                verdict.lost += 1
                verdict.note(f"{observer.name}: {seen.id} never came")
            elif known != seen.position:
                verdict.not_converged += 1
                verdict.note(f"{observer.name}: has {seen.id} of {known}, the newest is of {seen.position}")
        for message_id in observer.texts.open:
            verdict.not_converged += 1
            verdict.note(f"{observer.name}: thinks that answer {message_id} is still being written")
