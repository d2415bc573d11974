"""What a hub does when a provider fails: which provider is asked next, how often, and for how long."""

from __future__ import annotations

import msgspec

from conduit_widget.types import FailoverMode, FailoverOrder


class FailoverPolicy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The ``[failover]`` table of ``config.toml``.

    Before readers have seen text, another provider takes over. After that ``policy`` decides: ``continue``
    hands it the text so far, ``stop`` ends the answer. ``attempts`` is how often providers are asked for one
    answer, the first time included; no further one is asked once ``seconds`` have gone by without text.
    ``order`` is that of the configuration, or the quickest first.
    """

    policy: FailoverMode = "continue"
    attempts: int = 3
    order: FailoverOrder = "priority"
    seconds: float = 600.0
