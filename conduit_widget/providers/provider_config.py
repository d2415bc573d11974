"""The checked configuration of one provider."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlsplit

import msgspec

from conduit_widget.errors import SettingsError
from conduit_widget.providers.addresses import is_self_hosted
from conduit_widget.providers.keys import Secret
from conduit_widget.providers.limits.limit_tracker import ProviderLimits
from conduit_widget.providers.limits.prices import Price

OPENAI_KIND: Final = "openai"
ANTHROPIC_KIND: Final = "anthropic"
LOCAL_KIND: Final = "local"
REPLAY_KIND: Final = "replay"
ANTHROPIC_URL: Final = "https://api.anthropic.com"
KEY_FILE_WORDS: Final = "the file "
"""How ``ProviderConfig.key_variable`` begins where the key is in a file."""

DEFAULT_URLS: Final[dict[str, str]] = {ANTHROPIC_KIND: ANTHROPIC_URL}
"""Of the kinds that have one address for everybody."""
DEFAULT_KEY_VARIABLES: Final[dict[str, str]] = {ANTHROPIC_KIND: "ANTHROPIC_API_KEY"}
"""Where the keys for those addresses are kept."""


class Timeouts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The four clocks of a generation, in seconds.

    ``first_token`` runs from the request to the first delta, ``idle`` between two deltas, ``answer`` over
    the whole generation (None: no limit). The defaults are a hosted service's.
    """

    connect: float = 5.0
    first_token: float = 60.0
    idle: float = 30.0
    answer: float | None = 600.0


SELF_HOSTED_TIMEOUTS: Final = Timeouts(first_token=300.0, idle=60.0, answer=1200.0)
"""For servers that load their model when it is asked for."""


def timeouts_for(base_url: str) -> Timeouts:
    """Return the clocks that fit a provider's URL."""
    return SELF_HOSTED_TIMEOUTS if is_self_hosted(base_url) else Timeouts()


class Capabilities(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider's models can do, as configured; None where nobody said.

    ``vision`` reads images, ``tools`` calls tools, ``reasoning`` thinks before it answers, ``system`` obeys
    system messages.
    """

    vision: bool | None = None
    tools: bool | None = None
    reasoning: bool | None = None
    system: bool | None = None


class Replay(msgspec.Struct, frozen=True, kw_only=True):
    """What the kind ``replay`` plays: the answers in ``file``.

    Questions that are not there are asked of the provider ``record_from``, and recorded; None: they are
    refused. ``pace``: as fast as it once was, or at once.
    """

    file: Path
    record_from: str | None = None
    pace: Literal["recorded", "instant"] = "recorded"


class ProviderConfig(msgspec.Struct, frozen=True, kw_only=True):
    """One provider. ``kind`` says what makes it (`kinds`), ``options`` are what only that kind knows.

    Of two providers the one with the higher ``priority`` is asked first. ``models`` are the names that are
    offered; empty where the provider's own list says so. ``key_variable`` names the variable or the file the
    key comes from; ``key_needed``: the provider is not asked without a key. ``headers`` go with every
    request; their values are as secret as the key. ``missing_header`` names the variable of a header that
    holds nothing. A kind that has no address leaves ``base_url`` empty; ``replay`` is what a replay
    plays.
    """

    name: str
    kind: str = OPENAI_KIND
    base_url: str = ""
    api_key: Secret | None = None
    key_variable: str | None = None
    model: str | None = None
    models: tuple[str, ...] = ()
    priority: int = 0
    context_tokens: int | None = None
    capabilities: Capabilities = Capabilities()
    limits: ProviderLimits = ProviderLimits()
    price: Price | None = None
    key_needed: bool = False
    headers: tuple[tuple[str, Secret], ...] = ()
    missing_header: str | None = None
    timeouts: Timeouts | None = None
    replay: Replay | None = None
    options: dict[str, Any] = {}

    @property
    def missing_key(self) -> str | None:
        """The variable or file that should hold the key but does not, or None."""
        return self.key_variable if self.key_needed and self.api_key is None else None

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """The key and the values of the headers: no text that people see may hold one of them."""
        return (*([] if self.api_key is None else [self.api_key]), *(value for _, value in self.headers))

    @property
    def clocks(self) -> Timeouts:
        """The configured clocks, else those that fit the URL."""
        return self.timeouts or timeouts_for(self.base_url)

    def __post_init__(self) -> None:
        if self.base_url or self.kind == OPENAI_KIND:
            check_base_url(self.base_url, f"{self.name}: base_url")


def check_base_url(url: str, field: str) -> None:
    """Check the address of an API.

    Raises:
        SettingsError: it is not an address; the text names ``field``, and never shows the address.

    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise SettingsError(
            f"{field} is no address such as http://127.0.0.1:8000/v1: brackets or port are wrong"
            " (ports are 1 to 65535)."
        ) from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise SettingsError(f"{field} must begin with http:// or https:// and name a host.")
    if port == 0 or not url.isprintable() or " " in url:
        raise SettingsError(f"{field} has port 0, a blank or a sign that no address has.")
    if parts.username or parts.password or parts.query:
        # URLs reach logs; keys must not.
        raise SettingsError(f"{field} must not hold a key: give it by environment variable.")
