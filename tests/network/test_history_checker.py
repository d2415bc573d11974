"""The checker itself: it must see what it is there to see."""

from __future__ import annotations

from tests.support.history_checker import HistoryChecker, Observer


def two_messages() -> tuple[HistoryChecker, Observer]:
    """Return a checker with two acknowledged messages at 1 and 2, and an observer who saw nothing yet."""
    checker = HistoryChecker()
    for seq in (1, 2):
        checker.acknowledge(seq, checker.send())
    return checker, checker.observer("o")


LOG = [(1, 0), (2, 1)]


def test_everything_once_and_in_order_is_clean() -> None:
    """Live, by snapshot or by history: seen is seen."""
    checker, observer = two_messages()
    observer.live(1, 0)
    observer.live(2, 1)
    late = checker.observer("late")
    assert late.snapshot([(2, 1)]) == 2
    late.history([(1, 0)])
    assert late.snapshot([(2, 1)]) is None
    assert checker.verdict(LOG).clean


def test_missing_message_is_lost() -> None:
    """An observer who missed one, and a receipt without an entry in the log."""
    checker, observer = two_messages()
    observer.live(1, 0)
    assert checker.missing(observer) == 1
    assert checker.verdict(LOG).lost == 1
    assert (
        two_messages()[0].verdict([(1, 0)]).lost == 2
    )  # the log lacks one, and so the observer lacks the other


def test_message_that_comes_twice_is_doubled() -> None:
    """The same again, at the same place or at another, or twice in the log."""
    checker, observer = two_messages()
    for seq, number in [*LOG, (3, 1)]:
        observer.live(seq, number)
    verdict = checker.verdict(LOG)
    assert verdict.doubled >= 1
    assert verdict.findings
    assert two_messages()[0].verdict([*LOG, (3, 0)]).doubled >= 1


def test_message_that_comes_late_is_reordered() -> None:
    """A lower seq after a higher one."""
    checker, observer = two_messages()
    observer.live(2, 1)
    observer.live(1, 0)
    assert checker.verdict(LOG).reordered == 1
    assert two_messages()[0].verdict([(2, 1), (1, 0)]).reordered == 1
