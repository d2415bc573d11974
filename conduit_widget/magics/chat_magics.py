"""``%%chat`` asks with the text of a cell, ``%chat`` says and changes which conversation that is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from conduit_widget.context.carrying import context_line, words_of
from conduit_widget.context.describing import describe
from conduit_widget.context.failure import last_error
from conduit_widget.context.mentions import ERROR, mentioned
from conduit_widget.context.namespace import current_namespace
from conduit_widget.errors import ConduitError
from conduit_widget.magics.braces import fill
from conduit_widget.magics.chat_options import HELP, ChatOptions, parse
from conduit_widget.text.markup import as_shown
from conduit_widget.text.plain_text import shown
from conduit_widget.types import ChatMessage
from conduit_widget.widget.chat.chat import Chat
from conduit_widget.widget.own_conversation import ELSEWHERE

SHOWN_MESSAGES: Final = 10
_FIX: Final = (
    "This Python code of my notebook failed. Say in a sentence why, "
    "then give the corrected code in one code block."
)
_PYTHON: Final = frozenset({"", "python", "python3", "py", "ipython"})


class ChatMagics:
    """The magics of one shell; the conversations they open stay open, each as one ``Chat``.

    Where no conversation was named it is the one of ``Chat()``: the notebook's own.
    """

    def __init__(self, shell: InteractiveShell, open_chat: Callable[[str | None], Chat] = Chat) -> None:
        self._shell = shell
        self._open = open_chat
        self._chats: dict[str | None, Chat] = {}
        self._room: str | None = None
        self._own = ""

    def chat(self, line: str, cell: str | None = None) -> None:
        """Ask the model of a conversation, with Python expressions in braces.

        The answer is written into the cell's output as it comes, with what was said before as its context::

            %%chat team --to answer
            What stands out in @df? Its newest row is {df.iloc[-1].to_dict()}.

        ``@df`` takes the variable along as the composer does, ``{…}`` puts a value into the text. ``%chat``
        alone says where the questions go. What both take says ``%chat --help``.

        Raises:
            UsageError: an option is wrong; IPython shows it as one line.
            ConduitError: what ``Chat.ask`` raises.

        """
        options = parse(line)
        if options.help:
            print(HELP)
            return
        if cell is None and not options.fix:
            self._say(options.words)
            return
        if len(options.words) > 1:
            raise UsageError(
                f"%%chat takes one conversation, not {len(options.words)}: quote a name with blanks."
            )
        text, context = self._question(options, cell or "")
        if options.words:
            self._room = options.words[0]
        answer = self._ask(self._chat(), text, context, options)
        if options.fix and not options.quiet:
            self._propose(answer)
        if options.to:
            self._shell.user_ns[options.to] = answer

    def as_line_magic(self, lines: list[str]) -> list[str]:
        """Make ``%%chat --fix`` alone the line magic: IPython wants a body below the other."""
        written = [line for line in lines if line.strip()]
        if len(written) == 1 and written[0].startswith("%%chat ") and "--fix" in written[0].split():
            return [written[0][1:]]
        return lines

    def close(self) -> None:
        """Close every chat that was opened."""
        for chat in self._chats.values():
            chat.close()
        self._chats.clear()

    # ---- %%chat ------------------------------------------------------------------------------------------

    def _chat(self) -> Chat:
        chat = self._chats.get(self._room)
        if chat is None:
            chat = self._chats[self._room] = self._open(self._room)
            if self._room is None:
                self._own = chat.conversation_id
        return chat

    def _question(self, options: ChatOptions, cell: str) -> tuple[str, list[str]]:
        """Return what is asked, and the names of what goes along: those that the cell has with ``@``."""
        text = fill(cell, self._shell.user_ns, self._described).strip()
        known = current_namespace(runs_cell=True)
        named = [name for name in mentioned(cell) if known.has(name)]
        if not options.fix:
            return text, named
        last_error()
        return "\n\n".join(filter(None, [_FIX, text])), list(dict.fromkeys([ERROR, *named]))

    def _described(self, value: object) -> str:
        """Say a value in words: a text as it is, everything else as the composer's ``@name`` does."""
        if isinstance(value, str):
            return value
        described = describe(value, namespace=self._shell.user_ns)
        if described.problem:
            raise ConduitError(described.problem)
        return described.text or described.title

    def _ask(self, chat: Chat, text: str, context: list[str], options: ChatOptions) -> ChatMessage:
        asking = {**options.asking, "context": context}
        if options.quiet:
            return chat.ask(text, **asking).result()
        if hasattr(self._shell, "kernel"):
            pending = chat.ask(text, **asking)
            pending._ipython_display_()
            return pending.result()
        return _printed(chat, text, asking)

    def _propose(self, answer: ChatMessage) -> None:
        """Put the corrected code into a new cell below, where the front end has cells."""
        python = [block.source for block in answer.code_blocks if block.language in _PYTHON]
        if python:
            self._shell.set_next_input(python[-1].rstrip())

    # ---- %chat -------------------------------------------------------------------------------------------

    def _say(self, words: list[str]) -> None:
        match words:
            case [] | ["status"]:
                print(self._status())
            case ["history"]:
                self._print_history(SHOWN_MESSAGES)
            case ["history", count] if count.isdecimal() and int(count) > 0:
                self._print_history(int(count))
            case ["switch", *rooms] if len(rooms) <= 1:
                self._room = rooms[0] if rooms else None
                print(self._status())
            case ["show"]:
                chat = self._chat()
                if hasattr(self._shell, "kernel"):
                    chat._ipython_display_()
                else:
                    self._print_history(SHOWN_MESSAGES)
            case _:
                raise UsageError("Use %chat status, %chat history [N], %chat switch [ROOM] or %chat show.")

    def _status(self) -> str:
        chat = self._chat()
        chat.wait_connected()
        people = len(chat.participants)
        who = "you alone" if people <= 1 else f"{people} people"
        states = [f"{shown(each.provider)} ({each.state})" for each in chat.providers]
        answering = ", ".join(states) or "nobody: no model is set up"
        return f"{self._where(chat)}: {chat.connection.state}, {who}. Answers: {answering}."

    def _where(self, chat: Chat) -> str:
        """Name the conversation: a notebook's own id has letters of chance, and outputs are compared."""
        if chat.conversation_id == self._own != ELSEWHERE:  # its view may have gone on in another
            return "This notebook's own conversation"
        return f"Conversation {shown(chat.conversation_id)}"

    def _print_history(self, count: int) -> None:
        chat = self._chat()
        chat.wait_connected()
        said = [message for message in chat.messages if message.text][-count:]
        for message in said:
            who = message.author.user_name if message.author is not None else message.role
            print(f"{shown(who)}: {as_shown(words_of(message))}")
            if line := context_line(message):
                print(f"  ({shown(line)})")
        if not said:
            print("Nothing was said yet.")


def _printed(chat: Chat, text: str, asking: Mapping[str, Any]) -> ChatMessage:
    """Print an answer in a terminal as it comes."""
    stream = chat.stream(text, **asking)
    for piece in stream:
        print(as_shown(piece), end="", flush=True)
    print()
    assert stream.message is not None  # the iteration has ended without an error
    return stream.message
