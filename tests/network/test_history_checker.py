"""The checker itself: it must see what it is there to see, and nothing else."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from tests.support.judging.history_checker import HistoryChecker, Observer, Sighting
from tests.support.judging.verdict import Verdict


def said(id_: str, seq: int) -> Sighting:
    """A user's message at its place."""
    return Sighting(id_, seq, seq, f"text of {id_}")


def answer(position: int, text: str, status: str) -> Sighting:
    """The answer to ``a``: its placeholder stands at 2."""
    return Sighting("answer", 2, position, text, status, "a")


A, B, C = said("a", 1), answer(2, "", "streaming"), said("c", 3)
FINAL = answer(4, "one two", "complete")
LOG = [A, B, C, FINAL]


class Scene:
    """A good run so far: two acknowledged messages, an answer, and a client that saw it all."""

    def __init__(self) -> None:
        self.checker = HistoryChecker(lambda question: "one two" if question == "a" else "")
        for seen in (A, C):
            self.checker.send(seen.id)
        self.checker.acknowledge("a", 1, "answer")
        self.checker.acknowledge("c", 3)
        self.good = self.watch("good")

    def watch(self, name: str, *, until: int = 4) -> Observer:
        """A strict observer that saw the log up to a position."""
        observer = self.checker.observer(name, strict=True)
        for seen in LOG[:until]:
            if seen is FINAL:
                self.stream(observer)
            observer.live(seen)
        return observer

    def stream(self, observer: Observer) -> None:
        """The answer's deltas."""
        observer.texts.delta("answer", 0, "one ")
        observer.texts.delta("answer", 4, "two")
        observer.texts.delta("answer", 7, "", done=True)

    def verdict(self, log: list[Sighting] | None = None) -> Verdict:
        """The end."""
        return self.checker.verdict(LOG if log is None else log)


def test_everything_once_and_in_order_is_clean() -> None:
    """Live, by snapshot, by history or by resume: seen is seen; an old delta may be behind a newer text."""
    scene = Scene()
    late = scene.checker.observer("late")
    assert late.snapshot([C], 3) == 3
    late.texts.opened("answer", "one")
    late.texts.delta("answer", 3, " two")
    late.history([A, B])
    late.live(FINAL)
    moved = scene.watch("moved", until=3)
    moved.texts.delta("answer", 0, "one two")
    moved.texts.opened("answer", "one ")  # joined again elsewhere, a little behind
    moved.texts.delta("answer", 4, "two")
    moved.live(FINAL)
    scene.checker.present("good", ["ann", "bo"], ["bo", "ann"])
    verdict = scene.verdict()
    assert verdict.clean, verdict
    assert (verdict.messages, verdict.acknowledged) == (2, 2)


def test_text_a_crash_took_is_no_loss_but_its_age_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """An interrupted answer has the beginning of what was streamed."""
    times = itertools.count(100.0, 0.25)
    monkeypatch.setattr("tests.support.judging.streamed_text.time.monotonic", lambda: next(times))
    scene = Scene()
    observer = scene.watch("o", until=3)
    observer.texts.delta("answer", 0, "one ")
    observer.texts.delta("answer", 4, "two")
    cut = answer(4, "one", "interrupted")
    observer.live(cut)
    fresh = HistoryChecker(lambda _question: "one two")
    fresh.observer("o").snapshot([A, cut, C])
    assert fresh.verdict([A, B, C, cut]).clean
    assert scene.checker.verdict_so_far.garbled == 1  # "good" saw the complete one at the same position
    assert scene.checker.verdict_so_far.oldest_lost_text == 0.25


def miss_the_last(scene: Scene) -> None:
    """A client that got no final text."""
    scene.watch("o", until=3)


def leave_a_gap(scene: Scene) -> None:
    """An event that never came, on the wire."""
    scene.checker.observer("o", strict=True).live(C)


def see_a_ghost(scene: Scene) -> None:
    """Sent to somebody, but not in the log."""
    scene.good.live(said("x", 5))


def acknowledge_what_is_not_there(scene: Scene) -> None:
    """A receipt without an entry in the log."""
    scene.checker.acknowledge("x", 5)


def come_again(scene: Scene) -> None:
    """The same event twice."""
    scene.good.live(FINAL)


def stand_twice(scene: Scene) -> None:
    """The same message at another place."""
    scene.good.live(said("c", 5))


def answer_twice(scene: Scene) -> None:
    """A retry with another receipt."""
    scene.checker.acknowledge("a", 1, "another answer")


def place_twice(scene: Scene) -> None:
    """A retry with another place."""
    scene.checker.acknowledge("c", 4)


def come_late(scene: Scene) -> None:
    """A lower position after a higher one."""
    observer = scene.checker.observer("o")
    for seen in (B, A, C, FINAL):
        observer.live(seen)


def update_late(scene: Scene) -> None:
    """An update before what it comes after."""
    observer = scene.checker.observer("o")
    for seen in (A, B, FINAL, C):
        observer.live(seen)


def tell_another_text(scene: Scene) -> None:
    """Two clients see different versions at one position."""
    observer = scene.watch("o", until=3)
    observer.live(answer(4, "one TWO", "complete"))


def leave_out_a_delta(scene: Scene) -> None:
    """A hole in the text."""
    scene.watch("o", until=3).texts.delta("answer", 4, "two")


def repeat_a_delta(scene: Scene) -> None:
    """Text that comes twice."""
    observer = scene.watch("o", until=3)
    for _ in range(2):
        observer.texts.delta("answer", 0, "one ")


def change_a_delta(scene: Scene) -> None:
    """Deltas that are not the stored text."""
    observer = scene.watch("o", until=3)
    observer.texts.delta("answer", 0, "one 2")
    observer.live(FINAL)


def be_done_early(scene: Scene) -> None:
    """The end of the stream before the end of the text."""
    observer = scene.watch("o", until=3)
    observer.texts.delta("answer", 0, "one", done=True)
    observer.live(FINAL)


def go_on_after_the_end(scene: Scene) -> None:
    """A delta after the final text."""
    scene.good.texts.delta("answer", 7, " three")


def begin_again_elsewhere(scene: Scene) -> None:
    """Another text so far than was streamed."""
    observer = scene.watch("o", until=3)
    observer.texts.delta("answer", 0, "one")
    observer.texts.opened("answer", "two")


def stay_listed(scene: Scene) -> None:
    """Somebody who is gone is still shown."""
    scene.checker.present("good", ["ann", "ghost"], ["ann"])


def be_left_out(scene: Scene) -> None:
    """Somebody who is there is not shown."""
    scene.checker.present("good", [], ["ann"])


@pytest.mark.parametrize(
    ("break_it", "count"),
    [
        (miss_the_last, "not_converged"),
        (leave_a_gap, "lost"),
        (see_a_ghost, "lost"),
        (acknowledge_what_is_not_there, "lost"),
        (come_again, "doubled"),
        (stand_twice, "doubled"),
        (answer_twice, "doubled"),
        (place_twice, "doubled"),
        (come_late, "reordered"),
        (update_late, "reordered"),
        (tell_another_text, "garbled"),
        (leave_out_a_delta, "garbled"),
        (repeat_a_delta, "garbled"),
        (change_a_delta, "garbled"),
        (be_done_early, "garbled"),
        (go_on_after_the_end, "garbled"),
        (begin_again_elsewhere, "garbled"),
        (stay_listed, "not_converged"),
        (be_left_out, "not_converged"),
    ],
)
def test_broken_history_is_found(break_it: Callable[[Scene], None], count: str) -> None:
    """Each kind of violation counts as what it is, with a finding in words."""
    scene = Scene()
    break_it(scene)
    verdict = scene.verdict()
    assert getattr(verdict, count) > 0
    assert verdict.findings
    assert not verdict.clean


@pytest.mark.parametrize(
    ("log", "count"),
    [
        ([A, B, FINAL], "lost"),
        ([A, B, C], "lost"),
        ([A, B, C, FINAL, said("c", 5)], "doubled"),
        ([A, answer(2, "one two", "complete"), C], "garbled"),
        ([A, B, C, answer(4, "one", "complete")], "garbled"),
        ([A, C, B, FINAL], "reordered"),
        ([A, B, C, FINAL, said("e", 6)], "reordered"),
    ],
    ids=["acknowledged", "update", "twice", "changed", "short", "order", "hole"],
)
def test_broken_log_is_found(log: list[Sighting], count: str) -> None:
    """The log is judged too: complete, without holes, nothing twice, the model's text."""
    verdict = Scene().verdict(log)
    assert getattr(verdict, count) > 0


def test_answer_without_end_is_found() -> None:
    """An answer must not be left as being written."""
    assert HistoryChecker(lambda _question: "x").verdict([A, B]).not_converged == 1


def test_missing_counts_acknowledged_messages_only() -> None:
    """What has no receipt may be on its way."""
    scene = Scene()
    observer = scene.watch("o", until=1)
    scene.checker.send("on its way")
    assert scene.checker.missing(observer) == 1


def test_deleted_text_that_comes_back_is_found() -> None:
    """A tombstone may be read where others saw the text, never the text after the tombstone."""
    tombstone = Sighting("a", 1, 5, deleted=True)
    redacted = Sighting("a", 1, 1, deleted=True)
    scene = Scene()
    scene.good.live(tombstone)
    late = scene.checker.observer("late", strict=True)
    for seen in (redacted, B, C):
        late.live(seen)
    scene.stream(late)
    for seen in (FINAL, tombstone):
        late.live(seen)
    log = [redacted, B, C, FINAL, tombstone]
    assert scene.verdict(log).clean
    late.history([A])
    assert scene.verdict(log).garbled


def test_earlier_text_that_comes_back_is_found() -> None:
    """An edit takes the old text out of everything that is read after it."""
    edited = Sighting("a", 1, 5, "better", edition=2)
    scene = Scene()
    scene.good.live(edited)
    log = [Sighting("a", 1, 1, "better", edition=2), B, C, FINAL, edited]
    assert scene.verdict(log).clean
    scene.good.history([A])
    assert scene.verdict(log).garbled
