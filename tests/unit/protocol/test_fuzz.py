"""A few seconds of fuzzing in each ordinary run; ``python -m tests.load fuzz --seconds N`` goes on longer."""

from __future__ import annotations

import random

import pytest

from conduit_widget.errors import RemoteProtocolError
from conduit_widget.protocol.json_protocol import JsonHubProtocol
from conduit_widget.protocol.messages import Ping
from tests.support.signalr.fuzzing import KINDS, fuzz

SECONDS = 0.7


@pytest.mark.parametrize("kind", KINDS)
def test_broken_input_is_refused_alike_however_it_is_cut(kind: str) -> None:
    """Only promised errors; cutting makes no difference; what is written is read; a failed session shuts."""
    seed = random.SystemRandom().randrange(2**32)  # a finding names it
    report = fuzz(seed, SECONDS, {kind: KINDS[kind]}, least=101)
    assert report.rounds > 100
    if kind not in ("lengths",):
        assert report.messages > 0


@pytest.mark.parametrize(
    "data",
    [
        b'{"type":6}\n{"type":6}\x1e\x1e',
        b'{"type":6}\n{"type":6}\x1e',
        b'{"type":6}\x1e\x1e{"type":6}\x1e',
        b'{"type":6}\x1e \x1e',
        b'{"type":9,"sequenceId":\x1e1}{"type":6}\x1e',
    ],
)
def test_only_separators_end_records(data: bytes) -> None:
    """However many records are decoded at once: line feeds end none, separators end them everywhere."""
    with pytest.raises(RemoteProtocolError):
        JsonHubProtocol().decoder(1 << 16).feed(data)


def test_line_feeds_inside_a_record_are_blanks() -> None:
    """A peer may write JSON as prettily as it likes."""
    data = b'{\n"type":\n6\n}\x1e{"type":6}\x1e'
    assert JsonHubProtocol().decoder(1 << 16).feed(data) == [Ping(), Ping()]
