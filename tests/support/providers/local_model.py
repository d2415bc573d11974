"""The real local model for tests: installed once per machine, the way a user would install it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from conduit_widget.providers.local import library, model as local_model
from conduit_widget.providers.local.library import LocalModel


@cache
def installed_model() -> Path:
    """Return the path of the local model, fetched and verified on first use (93 MB)."""
    return local_model.install(lambda _progress: None)


def local_model_at(path: Path) -> LocalModel:
    """Return the model at a path."""
    model = library.model_at(path)
    assert model is not None
    return model


def second_model(directory: Path, name: str = "Second-135M") -> Path:
    """Put the same weights under another name into ``directory``: a second model to fall back to, say."""
    path = directory / f"{name}.gguf"
    path.symlink_to(installed_model())
    return path
