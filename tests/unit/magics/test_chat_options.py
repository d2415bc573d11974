"""The line behind ``%%chat``."""

from __future__ import annotations

import pytest
from IPython.core.error import UsageError

from conduit_widget.magics.chat_options import HELP, parse


def test_line_is_read() -> None:
    """Options become those of ``Chat.ask``, under their names there."""
    options = parse("team -m small --system 'Be brief.' -t 0 --max-tokens 5 --seed 7 --to answer --quiet")
    assert options.words == ["team"]
    assert options.asking == {
        "model": "small",
        "system_prompt": "Be brief.",
        "temperature": 0.0,
        "max_tokens": 5,
        "seed": 7,
    }
    assert (options.to, options.quiet, options.fix) == ("answer", True, False)


@pytest.mark.parametrize(
    "line",
    ["--to 1x", "--to", "--temperature warm", "--unknown", "'unfinished", "--max-tokens 1.5", "--mod x"],
)
def test_mistake_is_one_line(line: str) -> None:
    """It says what to do next."""
    with pytest.raises(UsageError) as caught:
        parse(line)
    assert "\n" not in str(caught.value)


def test_help_names_every_option() -> None:
    """In words, for both magics."""
    for name in ("--model", "--provider", "--system", "--to VAR", "--quiet", "--fix", "%%chat", "history"):
        assert name in HELP
    assert "%%%" not in HELP
