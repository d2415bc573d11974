"""Calls: who is in one, what they send, and the signals by which their browsers find each other."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from conduit_widget.chat.calls.introductions import ice_servers, room_of, sfu_of
from conduit_widget.chat.calls.page_routes import AWAY
from conduit_widget.chat.calls.seats import TICKET_SECONDS
from conduit_widget.chat.methods.base import ChatMethods
from conduit_widget.chat.methods.validation import check_peer_id, check_signal
from conduit_widget.contract import CALL_PAGE_PATH, CALL_SCOPE, ChatMethod
from conduit_widget.errors import BackplaneUnavailableError, HubException
from conduit_widget.hub.calls.hub import hub_method
from conduit_widget.hub.delivery.connection import HubConnectionContext
from conduit_widget.types import Author, Call, CallMedia, CallTicket

_SEATED: Final = (CALL_SCOPE,)


class CallMethods(ChatMethods):
    """Voice, video and screen go from browser to browser: the hub introduces them and carries none of it.

    Whoever may write in a conversation may speak in it.
    """

    @hub_method(ChatMethod.JOIN_CALL, scopes=_SEATED)
    async def join_call(
        self, caller: HubConnectionContext, conversation_id: str, peer_id: str, media: CallMedia
    ) -> Call:
        """Join the call as ``peer_id``, which is one view; a peer that is in it gets this connection."""
        conversation = await self._writable(caller, conversation_id)
        user, settings = caller.user, self._settings.calls
        author = Author(user_id=user.user_id, user_name=user.user_name)
        peer_id = check_peer_id(peer_id)
        call = conversation.call.join(caller.connection_id, author, peer_id, media)
        room = room_of(conversation_id, call.call_id)
        return msgspec.structs.replace(
            call,
            ice_servers=ice_servers(settings, user.user_id),
            ice_ttl=int(settings.turn_ttl) if settings.has_turn else None,
            sfu=sfu_of(settings, room=room, peer_id=peer_id, user_name=user.user_name),
        )

    @hub_method(ChatMethod.UPDATE_CALL, scopes=_SEATED)
    async def update_call(
        self, caller: HubConnectionContext, conversation_id: str, peer_id: str, media: CallMedia
    ) -> None:
        """Tell the others what this peer sends from now on; whoever shows a screen takes over from others."""
        conversation = await self._writable(caller, conversation_id)
        conversation.call.update(caller.connection_id, check_peer_id(peer_id), media)

    @hub_method(ChatMethod.LEAVE_CALL, scopes=_SEATED)
    async def leave_call(self, caller: HubConnectionContext, conversation_id: str, peer_id: str) -> None:
        """Leave the call. Harmless if not in it."""
        conversation = await self._readable(caller, conversation_id)
        conversation.call.leave(caller.connection_id, check_peer_id(peer_id))

    @hub_method(ChatMethod.OPEN_CALL_PAGE)
    async def open_call_page(self, caller: HubConnectionContext, conversation_id: str) -> CallTicket:
        """Return the way to a page of the hub's own with this call, for where the caller's has no camera."""
        await self._writable(caller, conversation_id)
        try:
            ticket = await self.seats.ticket(caller.user, conversation_id)
        except BackplaneUnavailableError:
            raise HubException(AWAY) from None
        return CallTicket(path=CALL_PAGE_PATH, ticket=ticket, expires_in=TICKET_SECONDS)

    @hub_method(ChatMethod.SEND_SIGNAL, scopes=_SEATED)
    async def send_signal(
        self,
        caller: HubConnectionContext,
        conversation_id: str,
        peer_id: str,
        to_peer_id: str,
        signal: dict[str, Any],
    ) -> None:
        """Tell another peer of the call a ``description`` or a ``candidate``; nobody else sees it."""
        conversation = await self._writable(caller, conversation_id)
        conversation.call.signal(
            caller.connection_id,
            check_peer_id(peer_id),
            check_peer_id(to_peer_id, "to peer id"),
            check_signal(signal),
        )
