"""Writes ``conduit_widget/chat_client/hub_proxies.py``: a coroutine for each method that the hubs declare."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Final

from conduit_widget import contract, types
from conduit_widget.chat.chat_hub import ChatHub
from conduit_widget.chat.status_hub import StatusHub
from conduit_widget.hub.calls.binding import HubMethod

_HEADER: Final = '''\
"""Typed proxies of ChatHub and StatusHub: their methods as coroutines, their events as callbacks.

Made by ``python -m tests.codegen`` from the methods that the hubs declare: change those.
"""

from __future__ import annotations

import msgspec

from conduit_widget.chat_client.hub_proxy import HubProxy, optional
'''
_CHAT: Final = """\
ChatHub over a started :class:`HubConnection`; needs no Jupyter.

    ::

        async with HubConnection("http://localhost:5000/hubs/chat", access_token=token) as connection:
            chat = ChatHubClient(connection)
            chat.on_event(lambda event, arguments: print(event, arguments))
            await chat.join_conversation("team")
            question = ChatMessage(id=str(uuid.uuid4()), role="user", content="Hello")
            receipt = await chat.send_message("team", question)

    It works with a hub that has only the first methods and returns nothing from them: results are then None.
"""
_STATUS: Final = """\
StatusHub over a started :class:`HubConnection`: the health of the providers and the hub.

    ::

        async with HubConnection("http://localhost:5000/hubs/status", access_token=token) as connection:
            print(await StatusHubClient(connection).request_provider_status())
"""
_RAISES: Final = '''
    Every method raises HubException (refused; the text is for people), ConnectionLostError or
    InvocationTimeoutError.
    """
'''
_HUBS: Final = (
    ("ChatHubClient", _CHAT, ChatHub, contract.ChatMethod, "ChatEvent"),
    ("StatusHubClient", _STATUS, StatusHub, contract.StatusMethod, "StatusEvent"),
)
_FIRST: Final = frozenset({"JoinConversation", "SendMessage", "ResumeConversation", "RequestProviderStatus"})
"""Methods from which a hub may return nothing: its clients found out what it can do by that."""
_NOT_AWAITED: Final = frozenset({"StartTyping", "StopTyping"})
_PARAMETER_TYPES: Final = {("SendMessage", "message"): "ChatMessage", ("EditMessage", "content"): "str"}
"""Parameters that the hub checks by hand and a client's type checker should know."""
_MAX_LINE: Final = 110


def hub_proxies_python() -> str:
    """Return the text of ``hub_proxies.py``."""
    classes = "\n\n".join(_class(*hub) for hub in _HUBS)
    used = sorted(
        name
        for name in vars(types)
        if name[0].isupper() and name != "Any" and re.search(rf"\b{name}\b", _code(classes))
    )
    tables = sorted(set(re.findall(r"\b(?:Chat|Status)(?:Method|Event)\b", classes)))
    imports = f"from conduit_widget.contract import {', '.join(tables)}, names_in\n"
    imports += "from conduit_widget.types import (\n" + "".join(f"    {name},\n" for name in used) + ")\n"
    header = _HEADER
    if re.search(r"\bAny\b", _code(classes)):
        header = header.replace("import msgspec\n", "from typing import Any\n\nimport msgspec\n", 1)
    return f"{header}{imports}\n\n{classes}"


def _code(text: str) -> str:
    return re.sub(r'""".*?"""', "", text, flags=re.DOTALL)


def _class(name: str, doc: str, hub: type[ChatHub | StatusHub], table: type, events: str) -> str:
    constants = {value: f"{table.__name__}.{key}" for key, value in vars(table).items() if key.isupper()}
    methods = [hub.methods[wire_name.lower()] for wire_name in constants]
    body = "\n".join(_method(method, constants[method.name]) for method in methods)
    return f'class {name}(HubProxy):\n    """{doc}{_RAISES}\n    events = names_in({events})\n\n{body}'


def _method(method: HubMethod, constant: str) -> str:
    hints = {key: str(hint) for key, hint in method.function.__annotations__.items()}
    parameters = [
        f"{name}: {_PARAMETER_TYPES.get((method.name, name), hints[name])}"
        + (" = None" if index >= method.required else "")
        for index, name in enumerate(method.python_names)
    ]
    returned = hints["return"]
    call = f"await self._invoke({', '.join([constant, *method.python_names])})"
    if method.name in _NOT_AWAITED:
        body = call.replace("self._invoke", "self.connection.send")
    elif returned == "None":
        body = call
    elif returned == "bool":
        body = f"return bool({call})"
    elif method.name not in _FIRST:
        body = f"return msgspec.convert({call}, {returned})"
    elif returned.startswith("list["):
        body = f"return optional({call}, {returned}) or []"
    else:
        body = f"return optional({call}, {returned})"
        returned = f"{returned} | None"
    return "\n".join(
        [
            *_signature(method.attribute, parameters, returned),
            f'        """{_summary(method)}"""',
            *_statement(body),
            "",
        ]
    )


def _signature(name: str, parameters: list[str], returned: str) -> Iterator[str]:
    line = f"    async def {name}({', '.join(['self', *parameters])}) -> {returned}:"
    if len(line) <= _MAX_LINE:
        yield line
        return
    yield f"    async def {name}("
    yield f"        {', '.join(['self', *parameters])}"
    yield f"    ) -> {returned}:"


def _statement(body: str) -> Iterator[str]:
    """Yield a method's last line, broken as the formatter breaks it."""
    if len(body) + 8 <= _MAX_LINE:
        yield f"        {body}"
        return
    head, _, rest = body.partition("(")
    yield f"        {head}("
    yield f"            {rest.removesuffix(')')}"
    yield "        )"


def _summary(method: HubMethod) -> str:
    return (inspect.getdoc(method.function) or "").split("\n\n")[0].replace("\n", "\n        ")
