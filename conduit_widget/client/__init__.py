"""The client: hub connections, and what the products build on them."""

from conduit_widget.client.connection_state import ConnectionState
from conduit_widget.client.hub_connection import HubConnection
from conduit_widget.client.retry import DelayRetry, RetryContext, RetryPolicy

__all__ = ["ConnectionState", "DelayRetry", "HubConnection", "RetryContext", "RetryPolicy"]
