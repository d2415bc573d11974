"""Which modules the command line imports."""

from __future__ import annotations

import subprocess
import sys

import pytest

from conduit_widget.cli import COMMANDS, build_parser


def _imported_by(*arguments: str) -> set[str]:
    """Return the commands whose modules a run of ``conduit-widget`` imports."""
    program = (
        "import sys; from conduit_widget.cli import COMMANDS, main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "print('imported', *(name for name in COMMANDS if f'conduit_widget.cli.{name}' in sys.modules))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True
    )
    return set(run.stdout.splitlines()[-1].split()[1:])


@pytest.mark.parametrize(
    ("arguments", "imported"),
    [(("--help",), set()), (("--version",), set()), (("model", "path"), {"model"})],
    ids=["help", "version", "one command"],
)
def test_only_the_command_called_for_is_imported(arguments: tuple[str, ...], imported: set[str]) -> None:
    """Another command's imports cost nothing, and cannot break this one."""
    assert _imported_by(*arguments) == imported


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """``--help`` of each names the command and its options, and is fine."""
    with pytest.raises(SystemExit) as ended:
        build_parser().parse_args([command, "--help"])
    assert ended.value.code == 0
    assert f"conduit-widget {command}" in capsys.readouterr().out
