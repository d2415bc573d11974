"""What signs the tokens of a hub: the key of its data directory, or the one a site gives it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from conduit_widget.hub.auth.local_authority import LocalAuthority
from conduit_widget.hub.auth.secret_file import SecretFile, SiteSecretFile

KEY_FILE: Final = "hub.key"


def signing_authority(data_dir: Path, key_file: Path | None) -> LocalAuthority:
    """Return what signs and verifies the tokens of a hub: its data directory's key, or the given one.

    Raises:
        HubStartError: the key file cannot be read or is too short.

    """
    return LocalAuthority(secret_file(data_dir, key_file))


def secret_file(data_dir: Path, key_file: Path | None) -> SecretFile:
    """Return the signing secrets of a hub: those of its data directory, or the site's key file.

    Raises:
        HubStartError: the key file cannot be read or is too short.

    """
    if key_file is not None:
        return SiteSecretFile(key_file)
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    return SecretFile(data_dir / KEY_FILE)
