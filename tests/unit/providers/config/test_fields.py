"""The table of fields says of defaults what the code does, and its example works."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from conduit_widget.chat.settings import ChatSettings
from conduit_widget.providers.config.fields import FAILOVER_FIELDS, PROVIDER_FIELDS, TIMEOUT_FIELDS, Field
from conduit_widget.providers.config.settings import ProviderSettings
from conduit_widget.providers.failover.policy import FailoverPolicy
from conduit_widget.providers.provider_config import SELF_HOSTED_TIMEOUTS, Timeouts
from tests.codegen.files import ROOT
from tests.codegen.provider_reference import EXAMPLE


@pytest.mark.parametrize("field", TIMEOUT_FIELDS, ids=lambda field: field.path)
def test_clocks_are_those_of_the_table(field: Field) -> None:
    """Hosted services, and servers of one's own where they differ."""
    name = field.path.removeprefix("timeouts.")
    hosted, own = getattr(Timeouts(), name), getattr(SELF_HOSTED_TIMEOUTS, name)
    assert field.default == (
        f"{hosted:g}" if hosted == own else f"{hosted:g}; {own:g} for a server of your own"
    )


def test_failover_is_as_the_table_says() -> None:
    """Every field of the policy, with its default."""
    policy = msgspec.structs.asdict(FailoverPolicy())
    written = {
        name: f'"{value}"' if isinstance(value, str) else f"{value:g}" for name, value in policy.items()
    }
    assert {field.path: field.default for field in FAILOVER_FIELDS} == written


def test_context_is_as_the_table_says() -> None:
    """What a model holds where nobody says."""
    (field,) = (field for field in PROVIDER_FIELDS if field.path == "context_tokens")
    assert field.default == str(ChatSettings().default_context_tokens)


def test_example_of_the_reference_is_one(tmp_path: Path) -> None:
    """Whoever copies it has three providers."""
    (tmp_path / "config.toml").write_text(EXAMPLE)
    settings = ProviderSettings.load(tmp_path, environ={"OPENAI_API_KEY": "k"})
    assert [config.name for config in settings.configured] == ["house", "openai", "small"]
    assert "gpu-box" in (ROOT / "notebooks/reference/providers.md").read_text(encoding="utf-8")
