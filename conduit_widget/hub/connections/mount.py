"""A hub in its place: the instance, its connections and what they share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from conduit_widget.hub.auth.local_authority import Authenticator
from conduit_widget.hub.calls.hub import Hub, HubContext, HubFilter
from conduit_widget.hub.calls.invoker import HubInvoker
from conduit_widget.hub.connections.timer_wheel import TimerWheel
from conduit_widget.hub.delivery.clients import HubClients
from conduit_widget.hub.delivery.event_writer import EventWriter
from conduit_widget.hub.delivery.groups import Groups
from conduit_widget.hub.delivery.lifetime import LifetimeManager
from conduit_widget.hub.delivery.outbox import EncodedRecord, FlushRound
from conduit_widget.hub.limits.hub_limits import HubLimits
from conduit_widget.hub.metrics.hub_metrics import HubMeter, HubMetrics
from conduit_widget.log_rate import LinesPerMinute
from conduit_widget.protocol.hub_protocol import HubProtocol
from conduit_widget.protocol.messages import Ping

LINES_PER_USER: Final = 300


@dataclass(frozen=True, eq=False)
class MountedHub:
    """Everything the connections of one hub share."""

    path: str
    hub: Hub
    context: HubContext
    invoker: HubInvoker
    authenticator: Authenticator
    protocols: Mapping[str, HubProtocol]
    limits: HubLimits
    meter: HubMeter
    wheel: TimerWheel
    events: EventWriter
    lifetime: LifetimeManager
    groups: Groups
    flush_round: FlushRound
    pings: Mapping[str, EncodedRecord] = field(repr=False)
    log_lines: LinesPerMinute = field(default_factory=lambda: LinesPerMinute(LINES_PER_USER), repr=False)
    """How many lines a minute the connections of one user put into the log."""

    @classmethod
    def mount(
        cls,
        path: str,
        hub: Hub,
        *,
        protocols: Mapping[str, HubProtocol],
        limits: HubLimits,
        metrics: HubMetrics,
        wheel: TimerWheel,
        authenticator: Authenticator,
        filters: Sequence[HubFilter] = (),
        detailed_errors: bool = False,
    ) -> MountedHub:
        """Give ``hub`` its connections and return it mounted at ``path``."""
        meter = metrics.for_hub(path)
        events = EventWriter(meter.sent, meter.failed)
        lifetime = LifetimeManager(events)
        groups = Groups(lifetime.connections)
        meter.watch(
            lambda: len(lifetime.connections),
            # Of who does not read at present: what the others have is on its way within the tick.
            lambda: sum(
                [item.outbox.queued_bytes for item in lifetime.connections.values() if item.outbox.paused]
            ),
        )
        clients = HubClients(lifetime, groups)
        hub.attach(clients, groups)
        return cls(
            path=path,
            hub=hub,
            context=HubContext(clients, groups),
            invoker=HubInvoker(hub, filters, detailed_errors=detailed_errors),
            authenticator=authenticator,
            protocols=protocols,
            limits=limits,
            meter=meter,
            wheel=wheel,
            events=events,
            lifetime=lifetime,
            groups=groups,
            flush_round=FlushRound(meter.flushed),
            pings={
                name: EncodedRecord(protocol.encode(Ping()), counted=False)
                for name, protocol in protocols.items()
            },
        )
