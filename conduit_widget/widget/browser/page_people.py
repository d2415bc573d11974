"""Whether the pages of a kernel may be different people's, as the Jupyter server that started it says."""

from __future__ import annotations

import os

from conduit_widget.access.defaults import defaults
from conduit_widget.widget.browser.build import SHARED_VARIABLE


def pages_speak_for_themselves(*given: object) -> bool:
    """Whether each page of a chat is to be its own user's.

    Not where the cell says who speaks in it, or at which hub: ``given`` are those arguments.
    """
    configured = defaults()
    said = (*given, configured.user, configured.hub_url, configured.token)
    return bool(os.environ.get(SHARED_VARIABLE)) and not any(said)
