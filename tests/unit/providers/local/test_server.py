"""What ``config.toml`` says of a local provider."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from conduit_widget.errors import ProviderError
from conduit_widget.providers.kinds import ProviderContext
from conduit_widget.providers.local.server import KIND
from conduit_widget.providers.provider import Provider
from conduit_widget.providers.provider_config import LOCAL_KIND, ProviderConfig
from conduit_widget.providers.reading.provider_words import ProviderWords
from tests.support.providers.gguf import gguf


def built(models_dir: Path, *, model: str | None = None, **options: Any) -> Provider:
    """A provider of these settings."""
    context = ProviderContext(on_headers=lambda _: None, words=ProviderWords(), models_dir=models_dir)
    config = ProviderConfig(name="house", kind=LOCAL_KIND, model=model, options=options)
    return KIND.build(config, context)


@pytest.mark.parametrize(
    "options", [{}, {"threads": 1}, {"idle_minutes": 0}, {"threads": 6, "idle_minutes": 0.5}]
)
def test_settings_that_can_be_are_taken(tmp_path: Path, options: dict[str, Any]) -> None:
    """``idle_minutes = 0`` keeps the model loaded."""
    assert built(tmp_path, **options).name == "house"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"threads": 0}, "options.threads must be a whole number from 1 to 256"),
        ({"threads": "4"}, "Expected `int | null`, got `str`"),
        ({"idle_minutes": -1}, "options.idle_minutes must be 0"),
        ({"idle_minutes": float("nan")}, "options.idle_minutes must be 0"),
        ({"idle": 5}, "unknown field `idle`"),
    ],
)
def test_settings_that_cannot_be_are_one_line(tmp_path: Path, options: dict[str, Any], words: str) -> None:
    """Which provider, which option, what it takes."""
    with pytest.raises(ProviderError, match=r"^house: options") as caught:
        built(tmp_path, **options)
    assert words in str(caught.value)
    assert "Correct config.toml" in str(caught.value)


async def test_model_that_is_not_installed_makes_the_provider_down(tmp_path: Path) -> None:
    """A look at it says what to run, and finds it when it is there."""
    provider = built(tmp_path, model="own")
    with pytest.raises(ProviderError, match=r"'own' is not installed.*conduit-widget model install"):
        await provider.models()
    (tmp_path / "own.gguf").write_bytes(gguf())
    assert await provider.models() == ["own"]
