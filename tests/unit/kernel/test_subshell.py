"""The guard for ipykernel 7.4's routing, on doubles; the real kernel is an integration test."""

from __future__ import annotations

from conduit_widget.kernel.subshell import keep_on_chosen_shell


def test_guard_returns_the_senders_shell_when_the_comm_has_its_own_idea() -> None:
    """A comm that would route to the shell that last sent on it, follows the front-end's choice instead."""

    class Comm:
        def _reply_subshell_for(self, data: object, default: str | None) -> str | None:
            return None

    comm = Comm()
    assert keep_on_chosen_shell(comm)
    assert comm._reply_subshell_for({}, "subshell 1") == "subshell 1"


def test_guard_leaves_other_comms_alone() -> None:
    """Kernels without that private method get no new attribute."""

    class Comm:
        pass

    comm = Comm()
    assert not keep_on_chosen_shell(comm)
    assert vars(comm) == {}
