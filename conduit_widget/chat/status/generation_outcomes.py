"""Who learns how a generation went: the health of its provider, and the metrics."""

from __future__ import annotations

from conduit_widget.chat.answers.generation_job import GenerationJob
from conduit_widget.chat.status.chat_metrics import ChatMetrics
from conduit_widget.chat.status.notices import Notices
from conduit_widget.chat.status.provider_statuses import Providers
from conduit_widget.providers.outcome import GenerationOutcome
from conduit_widget.providers.provider import Failover


class GenerationOutcomes:
    """Tells ``providers`` and ``metrics`` of every generation, once, when it has ended.

    What happens on the way goes out as notices.
    """

    def __init__(self, providers: Providers, metrics: ChatMetrics, notices: Notices) -> None:
        self._providers = providers
        self._metrics = metrics
        self._notices = notices
        metrics.watch(providers.statuses)

    def began(self) -> None:
        """A provider is asked for an answer."""
        self._metrics.active.inc()

    def failed_over(self, job: GenerationJob, failover: Failover, failed: GenerationOutcome | None) -> None:
        """Tell people that a provider failed in an answer, and who goes on; its health knows already."""
        if failed is not None:
            self._count(failed)
        self._metrics.failed_over(failover.source, failover.target, mid_stream=failover.mid_stream)
        self._notices.failed_over(job.conversation.conversation_id, job.answer.id, failover)

    def ended(self, outcome: GenerationOutcome) -> None:
        """The provider's work on an answer is over."""
        self._metrics.active.dec()
        self._count(outcome)
        self._providers.record(outcome)

    def _count(self, outcome: GenerationOutcome) -> None:
        statuses = self._providers.statuses()
        listed = next((status.models for status in statuses if status.provider == outcome.provider), ())
        self._metrics.record(outcome, listed, self._providers.price(outcome.provider))
