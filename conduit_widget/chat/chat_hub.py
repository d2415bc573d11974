"""ChatHub: what clients may call. Identity is the connection's; membership is checked at every method."""

from __future__ import annotations

from conduit_widget.chat.methods.answers import AnswerMethods
from conduit_widget.chat.methods.branches import BranchMethods
from conduit_widget.chat.methods.calls import CallMethods
from conduit_widget.chat.methods.history import HistoryMethods
from conduit_widget.chat.methods.importing import ImportMethods
from conduit_widget.chat.methods.joining import JoiningMethods
from conduit_widget.chat.methods.members import MemberMethods
from conduit_widget.chat.methods.messages import MessageMethods
from conduit_widget.chat.methods.people import PeopleMethods
from conduit_widget.chat.methods.pinning import PinMethods
from conduit_widget.chat.methods.providers import ProviderMethods, TokenMethods
from conduit_widget.chat.methods.revisions import RevisionMethods
from conduit_widget.chat.methods.search import SearchMethods


class ChatHub(
    JoiningMethods,
    MessageMethods,
    RevisionMethods,
    BranchMethods,
    PinMethods,
    AnswerMethods,
    PeopleMethods,
    MemberMethods,
    HistoryMethods,
    SearchMethods,
    CallMethods,
    ImportMethods,
    ProviderMethods,
    TokenMethods,
):
    """The capabilities of a conversation, merged; a new one is a module in ``methods`` and a line here."""
