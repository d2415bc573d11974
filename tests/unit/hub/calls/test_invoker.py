"""What a failed call is counted as."""

from __future__ import annotations

import pytest

from conduit_widget.contract import ErrorText
from conduit_widget.errors import HubException, StoreUnavailableError
from conduit_widget.hub.calls.hub import Hub
from conduit_widget.hub.calls.invoker import HubInvoker
from conduit_widget.hub.metrics.hub_metrics import ERROR_KINDS


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (HubException("no"), "refused"),
        (HubException(ErrorText.UNAUTHORIZED), "unauthorized"),
        (StoreUnavailableError(), "unavailable"),
        (TimeoutError(), "timeout"),
        (KeyError("private"), "unexpected"),
    ],
)
def test_failure_is_counted_by_who_has_to_act(error: Exception, kind: str) -> None:
    """A store that is away is no refusal: an operator is to hear of it."""
    failure = HubInvoker(Hub()).explain("Method", error)
    assert failure.kind == kind
    assert kind in ERROR_KINDS
    assert "private" not in failure.text
