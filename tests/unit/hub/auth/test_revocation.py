"""Revocations: what is revoked and for how long, and the file they are kept in."""

from __future__ import annotations

import logging
import stat
import time
from collections.abc import Iterable
from pathlib import Path

import pytest

from conduit_widget.errors import HubStartError, ValidationError
from conduit_widget.hub.auth import revocation, revocation_file
from conduit_widget.hub.auth.principal import Principal
from conduit_widget.hub.auth.revocation import Revocations
from conduit_widget.hub.auth.revocation_file import MAX_REVOCATIONS, Revocation, RevocationFile, revocation_of
from tests.support.waiting import eventually


def ann(token_id: str = "t1", issued: float | None = None) -> Principal:
    """Ann, with a token issued at a time, or one that does not say."""
    claims = {} if issued is None else {"iat": issued}
    return Principal("ann", "Ann", token_id=token_id, claims=claims)


def bob() -> Principal:
    """Somebody else with a token of the same id."""
    return Principal("bob", "Bob", token_id="t9", claims={"iat": 0})


async def test_token_is_revoked_until_it_expires_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """By its id only; afterwards it is forgotten, the token itself is void by then."""
    revocations = Revocations()
    changes: list[int] = []
    remove = revocations.on_change(lambda: changes.append(len(revocations)))
    now = time.time()
    monkeypatch.setattr("conduit_widget.hub.auth.revocation.time.time", lambda: now)
    await revocations.revoke_token("t1", now + 5)
    assert changes == [1]
    assert revocations.is_revoked(ann("t1"))
    assert not revocations.is_revoked(ann("t2"))
    assert not revocations.is_revoked(ann(""))
    assert not revocations.is_revoked(bob())
    now += 6
    assert not revocations.is_revoked(ann("t1"))
    remove()
    await revocations.revoke_token("t3", now + 60)
    assert changes == [1]
    assert len(revocations) == 1, "what has expired is forgotten"


async def test_user_is_revoked_for_tokens_issued_before_and_for_those_that_do_not_say() -> None:
    """A later token is good, whatever its id."""
    revocations = Revocations()
    now = time.time()
    await revocations.revoke_user("ann")
    assert revocations.is_revoked(ann(issued=now - 100))
    assert revocations.is_revoked(ann(issued=int(now)))
    assert revocations.is_revoked(ann())
    assert not revocations.is_revoked(ann(issued=int(time.time()) + 1))
    assert not revocations.is_revoked(bob())


async def test_second_revocation_of_a_user_moves_the_moment_on() -> None:
    """Of two the later one counts, in whatever order they arrive."""
    revocations = Revocations()
    now = time.time()
    later = Revocation("user", "ann", now + 100, now + 50)
    revocations._take([later])
    await revocations.revoke_user("ann")
    assert revocations.is_revoked(ann(issued=now + 49))
    assert not revocations.is_revoked(ann(issued=now + 51))


async def test_long_ids_are_revoked_like_short_ones(tmp_path: Path) -> None:
    """Each takes a bounded number of bytes in memory, on disk and between nodes."""
    file = RevocationFile(tmp_path / "revoked.json")
    long = "ü" * 10_000
    await Revocations(file).revoke_token(long)
    again = Revocations(file)
    await again.start()
    assert again.is_revoked(ann(long))
    assert not again.is_revoked(ann(long + "ü"))
    await again.aclose()
    assert file.path.stat().st_size < 400


async def test_file_is_private_and_read_again_by_the_next_start(tmp_path: Path) -> None:
    """What was revoked is on disk on return, mode 0600; what has expired is left out when it is written."""
    file = RevocationFile(tmp_path / "new" / "revoked.json")
    revocations = Revocations(file)
    await revocations.revoke_token("old", time.time() + 0.05)
    await eventually(lambda: not revocations.is_revoked(ann("old")))
    await revocations.revoke_token("t1")
    await revocations.revoke_user("eve")
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert sorted((item.kind, item.id) for item in file.read()) == [("token", "t1"), ("user", "eve")]
    again = Revocations(file)
    await again.start()
    assert again.is_revoked(ann("t1"))
    await again.aclose()


@pytest.mark.parametrize(
    "content", [b"{", b"[]", b'{"revoked": [{"kind": "all"}]}', b"\xff", b"x" * (5 << 20)]
)
async def test_hub_does_not_start_when_its_revocations_are_damaged(tmp_path: Path, content: bytes) -> None:
    """Nobody revoked slips in through a broken file; the error is one line."""
    path = tmp_path / "revoked.json"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(HubStartError, match=r"^The revocations cannot be read: [^\n]*revoked.json[^\n]*$"):
        await Revocations(RevocationFile(path)).start()
    path.write_bytes(b"{}")
    path.chmod(0o644)
    with pytest.raises(HubStartError, match="chmod 600"):
        await Revocations(RevocationFile(path)).start()


async def test_file_damaged_or_deleted_later_takes_nothing_back(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The hub goes on with what it knows, says so once, and reads the file when it is mended."""
    file = RevocationFile(tmp_path / "revoked.json")
    revocations = Revocations(file)
    await revocations.start()
    await revocations.revoke_token("t1")
    file.path.write_bytes(b"damaged")
    await eventually(lambda: "is damaged" in caplog.text)
    file.path.unlink()
    file.add([revocation_of("token", "t2")])
    await eventually(lambda: revocations.is_revoked(ann("t2")))
    assert revocations.is_revoked(ann("t1"))
    await revocations.aclose()
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


async def test_too_many_revocations_are_refused_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit is named, with what to do instead; an empty id revokes nobody."""
    monkeypatch.setattr(revocation_file, "MAX_REVOCATIONS", 3)
    file = RevocationFile(tmp_path / "revoked.json")
    file.add([revocation_of("token", f"t{number}") for number in range(3)])
    with pytest.raises(ValidationError, match=r"the limit is 3; rotate the signing key instead$"):
        file.add([revocation_of("token", "t3")])
    assert len(file.read()) == 3
    revocations = Revocations()
    revocations._take([revocation_of("token", f"t{number}") for number in range(MAX_REVOCATIONS)])
    with pytest.raises(ValidationError, match="rotate the signing key"):
        await revocations.revoke_user("ann")
    with pytest.raises(ValidationError, match="user: must not be empty"):
        await Revocations().revoke_user("")


class FailingFile(RevocationFile):
    """A file on a disk that is full at first."""

    full = True
    tries = 0

    def add(self, more: Iterable[Revocation]) -> None:
        """Fail, or write."""
        self.tries += 1
        if self.full:
            raise OSError(28, "No space left on device")
        super().add(more)


async def test_what_other_nodes_revoked_is_kept_once_the_disk_has_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A write that fails forgets nothing, and is logged once, not at every look."""
    monkeypatch.setattr(revocation, "LOOK_INTERVAL", 0.01)
    file = FailingFile(tmp_path / "revoked.json")
    revocations = Revocations(file)
    await revocations.start()
    with caplog.at_level(logging.ERROR):
        revocations._heard("other", revocation._encode([revocation_of("user", "ann")]))
        await eventually(lambda: "No space left" in caplog.text)
        tries = file.tries
        await eventually(lambda: file.tries > tries + 10)
    assert caplog.text.count("No space left") == 1
    assert file.read() == []
    file.full = False
    await eventually(lambda: [item.id for item in file.read()] == ["ann"])
    await revocations.aclose()


async def test_what_was_heard_last_is_written_at_the_end(tmp_path: Path) -> None:
    """A node that ends within the second of another node's word keeps it."""
    file = RevocationFile(tmp_path / "revoked.json")
    revocations = Revocations(file)
    await revocations.start()
    revocations._heard("other", revocation._encode([revocation_of("user", "ann")]))
    await revocations.aclose()
    assert [item.id for item in file.read()] == ["ann"]


async def test_deeply_nested_file_is_damaged(tmp_path: Path) -> None:
    """Named, with what is wrong; the hub does not start on it."""
    path = tmp_path / "revoked.json"
    path.write_bytes(b'{"x":' + b"[" * 40 + b"]" * 40 + b"}")
    path.chmod(0o600)
    with pytest.raises(
        HubStartError, match=r"revoked\.json is damaged \(it nests more than 32 levels deep\)"
    ):
        await Revocations(RevocationFile(path)).start()
