"""ChatHub: what clients may call. Identity is the connection's; membership is checked at every method."""

from __future__ import annotations

from conduit_widget.chat.history.store import HistoryStore
from conduit_widget.chat.methods.answers import AnswerMethods
from conduit_widget.chat.methods.history import HistoryMethods
from conduit_widget.chat.methods.joining import JoiningMethods
from conduit_widget.chat.methods.members import MemberMethods
from conduit_widget.chat.methods.messages import MessageMethods
from conduit_widget.chat.methods.people import PeopleMethods
from conduit_widget.chat.methods.providers import ProviderMethods, TokenMethods
from conduit_widget.chat.settings import ChatSettings
from conduit_widget.chat.status.chat_metrics import ChatMetrics
from conduit_widget.chat.status.limit_notices import user_rates
from conduit_widget.chat.status.provider_statuses import Providers
from conduit_widget.hub.backplane.backplane import Backplane


class ChatHub(
    JoiningMethods,
    MessageMethods,
    AnswerMethods,
    PeopleMethods,
    MemberMethods,
    HistoryMethods,
    ProviderMethods,
    TokenMethods,
):
    """The capabilities of a conversation, merged; a new one is a module in ``methods`` and a line here."""

    def __init__(
        self,
        store: HistoryStore,
        providers: Providers,
        settings: ChatSettings,
        metrics: ChatMetrics,
        backplane: Backplane | None = None,
    ) -> None:
        super().__init__(store, providers, settings, metrics, backplane)
        self.user_rates = user_rates(settings)
