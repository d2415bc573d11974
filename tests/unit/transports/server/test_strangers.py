"""Sockets without a token: so many, the oldest makes room, and the log hears of it once a minute."""

from __future__ import annotations

import gc
import logging
import weakref

import pytest

from conduit_widget.log_rate import INTERVAL
from conduit_widget.transports.server.strangers import GRACE, SWEPT, Strangers


class Socket:
    """Remembers that it had to go."""

    def __init__(self) -> None:
        self.gone = False

    def make_room(self) -> None:
        self.gone = True


def test_the_oldest_makes_room(caplog: pytest.LogCaptureFixture) -> None:
    """Not whoever comes; who is known, or comes again, is not the oldest."""
    now = 0.0
    strangers = Strangers(3, lambda: now)
    sockets = [Socket() for _ in range(6)]
    for socket in sockets[:3]:
        strangers.add(socket)
    strangers.add(sockets[0])
    strangers.discard(sockets[1])
    strangers.add(sockets[3])
    assert not any(socket.gone for socket in sockets)
    assert caplog.records == []
    now = GRACE
    strangers.add(sockets[4])
    strangers.add(sockets[5])
    assert [socket.gone for socket in sockets] == [True, False, True, False, False, False]
    assert len(strangers) == 3
    assert len(caplog.records) == 1
    now += INTERVAL
    strangers.add(Socket())
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * 2


def test_those_who_come_together_do_not_push_each_other_out() -> None:
    """Within their grace twice as many are let be; once it is over they make room again, two for one."""
    now = 0.0
    strangers = Strangers(4, lambda: now)
    sockets = [Socket() for _ in range(8)]
    for socket in sockets:
        strangers.add(socket)
    assert not any(socket.gone for socket in sockets)
    strangers.add(Socket())
    assert [socket.gone for socket in sockets] == [True] + [False] * 7
    now = GRACE
    for expected in (7, 6, 5, 4):
        strangers.add(Socket())
        assert len(strangers) == expected


def test_some_can_be_sent_away() -> None:
    """The oldest of them; fewer when there are not so many."""
    strangers = Strangers(10)
    sockets = [Socket() for _ in range(3)]
    strangers.drop(1)
    for socket in sockets:
        strangers.add(socket)
    strangers.drop(2)
    assert [socket.gone for socket in sockets] == [True, True, False]
    strangers.drop(5)
    assert len(strangers) == 0


def test_what_strangers_leave_is_swept_in_small_parts() -> None:
    """Cycles they leave go after some have made room, however seldom the process searches by itself."""
    gc.disable()
    try:
        strangers = Strangers(1, lambda: GRACE * len(left))
        left: list[weakref.ref[Socket]] = []
        for _ in range(3 * SWEPT):
            socket = Socket()
            socket.itself = socket  # type: ignore[attr-defined]
            left.append(weakref.ref(socket))
            strangers.add(socket)
        assert sum(each() is not None for each in left) < 2 * SWEPT
    finally:
        gc.enable()
