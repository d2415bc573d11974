"""How ``pytest -n N`` spreads the tests: one by one, except where those of a file share a costly fixture."""

from __future__ import annotations

from typing import Final

from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

TOGETHER: Final = frozenset(
    {
        "tests/interop/test_go_server.py",
        "tests/interop/test_java_client.py",
        "tests/network/test_faults.py",
        "tests/security/door/test_hub_behind_proxy.py",
        "tests/security/door/test_live_hub_bad_input.py",
        "tests/security/door/test_live_hub_keys.py",
        "tests/test_packaging.py",
    }
)
"""Files whose tests share a fixture that costs more than they do."""


class Spread(LoadScopeScheduling):  # type: ignore[misc]
    """Hands out tests in the order of their folders, in which the long ones come first."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return file if file in TOGETHER else nodeid
