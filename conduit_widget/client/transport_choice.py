"""The transports that a connection may use, and how each is made."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Final, Literal, TypeAlias, get_args

from conduit_widget.protocol.hub_protocol import TransferFormat
from conduit_widget.protocol.negotiate import AvailableTransport
from conduit_widget.transports.client.http_client import FreshHeaders
from conduit_widget.transports.client.long_polling import LongPollingTransport
from conduit_widget.transports.client.proxy import check_proxy
from conduit_widget.transports.client.server_sent_events import ServerSentEventsTransport
from conduit_widget.transports.client.websocket import WebSocketTransport
from conduit_widget.transports.transport import Transport, TransportFactory

TransportName: TypeAlias = Literal["WebSockets", "ServerSentEvents", "LongPolling"]
TransportOption: TypeAlias = TransportName | Collection[TransportName] | TransportFactory | None

WEB_SOCKETS: Final[TransportName] = "WebSockets"
SERVER_SENT_EVENTS: Final[TransportName] = "ServerSentEvents"
LONG_POLLING: Final[TransportName] = "LongPolling"
TRANSPORT_NAMES: Final[tuple[TransportName, ...]] = get_args(TransportName)


class TransportChoice:
    """The allowed transports by name; the hub's order decides among them.

    Raises:
        ValueError: a name that is none, or no name at all; or a proxy of another kind than HTTP.

    """

    def __init__(
        self, option: TransportOption = None, *, proxy: str | None = None, compression: bool = False
    ) -> None:
        check_proxy(proxy)
        self._factories: Mapping[str, Callable[..., Transport]]
        if callable(option):  # a transport of the caller's own stands where WebSockets would
            self._factories = {WEB_SOCKETS: option}
            return
        names = TRANSPORT_NAMES if option is None else (option,) if isinstance(option, str) else option
        unknown = set(names) - set(TRANSPORT_NAMES)
        if unknown or not names:
            raise ValueError(f"transport must be some of {', '.join(TRANSPORT_NAMES)}.")
        every: dict[str, Callable[..., Transport]] = {
            WEB_SOCKETS: partial(WebSocketTransport, proxy=proxy, compression=compression),
            SERVER_SENT_EVENTS: partial(ServerSentEventsTransport, proxy=proxy),
            LONG_POLLING: partial(LongPollingTransport, proxy=proxy),
        }
        self._factories = {name: every[name] for name in names}

    def allows(self, name: str) -> bool:
        """Whether a transport may be used."""
        return name in self._factories

    def factory(self, name: str, fresh_headers: FreshHeaders | None = None) -> TransportFactory:
        """Return the factory of a transport; ``fresh_headers`` is for one that consists of many requests."""
        factory = self._factories[name]
        return factory if name == WEB_SOCKETS else partial(factory, fresh_headers=fresh_headers)

    def obstacle(self, offered: AvailableTransport, transfer_format: TransferFormat) -> str | None:
        """Return why an offered transport cannot be used; None when it can."""
        if offered.transport not in TRANSPORT_NAMES:
            return f"{offered.transport[:32]} is unknown"
        if not self.allows(offered.transport):
            return f"{offered.transport} is not allowed here"
        textual = offered.transport == SERVER_SENT_EVENTS and transfer_format is not TransferFormat.TEXT
        if textual or transfer_format.value not in offered.transfer_formats:
            return f"{offered.transport} carries no {transfer_format.value} frames"
        return None
