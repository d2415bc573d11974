"""Opaque keys: only their hash is kept, each speaks for one user, and a change counts at once."""

from __future__ import annotations

import hmac
import logging
import os
import stat
import threading
import time
from pathlib import Path

import pytest

from conduit_widget.contract import ErrorText
from conduit_widget.errors import AuthenticationError, ValidationError
from conduit_widget.hub.auth.local_authority import Credential
from conduit_widget.hub.auth.opaque_keys import OpaqueKeyFile, OpaqueKeys
from conduit_widget.hub.auth.principal import Principal


async def _enter(keys: OpaqueKeys, text: str) -> Principal:
    return await keys.authenticate(Credential("api_key", text))


async def _refused(keys: OpaqueKeys, text: str) -> None:
    with pytest.raises(AuthenticationError, match=f"^{ErrorText.INVALID_AUTHENTICATION}$"):
        await _enter(keys, text)


async def test_key_speaks_for_its_user_as_key_and_as_bearer(tmp_path: Path) -> None:
    """Id, name, roles and end are the file's; the key's own id is what can be revoked."""
    path = tmp_path / "keys.json"
    text, entry = OpaqueKeyFile(path).create("bot", "The Bot", roles=["operator"])
    for kind in ("api_key", "bearer"):
        user = await OpaqueKeys(path).authenticate(Credential(kind, text))
        assert (user.user_id, user.user_name, user.roles) == ("bot", "The Bot", frozenset({"operator"}))
        assert user.token_id == entry.id
        assert 90 < (user.expires_at - time.time()) / (365 * 86400) < 101, "for ever, in a finite number"


def test_key_is_nowhere_but_on_paper(tmp_path: Path) -> None:
    """The file is 0600 and holds a hash; neither it nor any repr shows the key."""
    path = tmp_path / "keys.json"
    text, entry = OpaqueKeyFile(path).create("bot", "Bot")
    assert text.startswith("condt_")
    assert len(text) >= 6 + 43
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert text not in path.read_text()
    assert text[6:] not in path.read_text()
    assert entry.hash not in repr(entry)
    assert text != OpaqueKeyFile(path).create("bot", "Bot")[0]


async def test_wrong_keys_are_refused(tmp_path: Path) -> None:
    """Nothing near a key is a key: not its hash, id, prefix, case or a longer text."""
    path = tmp_path / "keys.json"
    text, entry = OpaqueKeyFile(path).create("bot", "Bot")
    keys = OpaqueKeys(path)
    wrong = [text[:-1], text + "x", text.swapcase(), text[6:], "condt_", entry.hash, f"condt_{entry.hash}"]
    for attempt in (*wrong, entry.id, "condt_" + "x" * 100_000, "condt_\ud800", "condt_\0", ""):
        await _refused(keys, attempt)
    with pytest.raises(AuthenticationError, match=ErrorText.AUTHENTICATION_REQUIRED):
        await keys.authenticate(None)


async def test_key_ends_when_its_days_are_over(tmp_path: Path) -> None:
    """An expired key opens nothing; a live one tells when it ends."""
    path, now = tmp_path / "keys.json", [time.time()]
    text, entry = OpaqueKeyFile(path).create("bot", "Bot", lifetime=60)
    keys = OpaqueKeys(path, clock=lambda: now[0])
    assert (await _enter(keys, text)).expires_at == entry.expires_at
    now[0] += 61
    await _refused(keys, text)


async def test_change_of_the_file_counts_at_once(tmp_path: Path) -> None:
    """A running hub takes new keys and refuses removed ones without a restart."""
    path = tmp_path / "keys.json"
    keys, file = OpaqueKeys(path), OpaqueKeyFile(path)
    first, entry = file.create("bot", "Bot")
    assert (await _enter(keys, first)).user_id == "bot"
    second, _ = file.create("eve", "Eve")
    assert (await _enter(keys, second)).user_id == "eve"
    assert file.remove(entry.id) == entry
    await _refused(keys, first)
    assert (await _enter(keys, second)).user_id == "eve"
    assert file.remove(entry.id) is None
    path.unlink()
    await _refused(keys, second)


@pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")
async def test_file_that_others_can_read_lets_nobody_in(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Keys that others may have written are no keys; the log says what to do, once, and no hash."""
    caplog.set_level(logging.DEBUG)
    path = tmp_path / "keys.json"
    text, entry = OpaqueKeyFile(path).create("bot", "Bot")
    keys = OpaqueKeys(path)
    path.chmod(0o644)
    await _refused(keys, text)
    await _refused(keys, text)
    assert caplog.text.count("chmod 600") == 1
    assert entry.hash not in caplog.text
    path.chmod(0o600)
    assert (await _enter(keys, text)).user_id == "bot"


@pytest.mark.parametrize("content", ["", "{", '{"keys": 5}', "[" * 5000, '{"keys":[{"id":"x"}]}', "\xff"])
async def test_damaged_file_lets_nobody_in_and_is_not_overwritten(tmp_path: Path, content: str) -> None:
    """What cannot be read is named; making a key does not destroy it."""
    path = tmp_path / "keys.json"
    path.touch(mode=0o600)
    path.write_text(content)
    await _refused(OpaqueKeys(path), "condt_x")
    with pytest.raises(ValueError, match="damaged"):
        OpaqueKeyFile(path).create("bot", "Bot")
    assert path.read_text() == content


@pytest.mark.parametrize("user_id", ["", "x" * 129, "bo\nt", "bot\u202e", "\u200bbot"])
def test_key_for_no_user_is_refused(tmp_path: Path, user_id: str) -> None:
    """A key's user id is as plain as a token's subject."""
    with pytest.raises(ValidationError, match="user_id"):
        OpaqueKeyFile(tmp_path / "keys.json").create(user_id, "Bot")
    assert OpaqueKeyFile(tmp_path / "keys.json").keys() == []


def test_no_key_is_lost_when_several_are_made_at_once(tmp_path: Path) -> None:
    """Concurrent commands wait for each other."""
    path = tmp_path / "keys.json"
    threads = [threading.Thread(target=lambda: OpaqueKeyFile(path).create("bot", "Bot")) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(OpaqueKeyFile(path).keys()) == 8


async def test_every_key_is_compared_in_constant_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All hashes go through ``hmac.compare_digest``, whichever matches: no order, no early end."""
    path = tmp_path / "keys.json"
    texts = [OpaqueKeyFile(path).create(f"u{number}", "U")[0] for number in range(5)]
    keys, compare = OpaqueKeys(path), hmac.compare_digest
    compared: list[tuple[bytes, bytes]] = []

    def counting(left: bytes, right: bytes) -> bool:
        compared.append((left, right))
        return compare(left, right)

    monkeypatch.setattr(hmac, "compare_digest", counting)
    for text in (texts[0], texts[4], "condt_wrong"):
        compared.clear()
        try:
            await _enter(keys, text)
        except AuthenticationError:
            assert text == "condt_wrong"
        assert len(compared) == 5
