"""The context of the models of this computer, as the hub that runs them has it."""

from __future__ import annotations

from conduit_widget.errors import SettingsError
from conduit_widget.providers.config.settings import ProviderSettings
from conduit_widget.providers.local.gguf import GgufHeader
from conduit_widget.providers.local.library import LocalModel
from conduit_widget.providers.local.window import prompt_tokens
from conduit_widget.providers.provider_config import LOCAL_KIND
from conduit_widget.runtime_file import default_data_dir


def used_tokens(model: LocalModel, header: GgufHeader) -> int:
    """Return the tokens that a conversation with a model is kept to."""
    return prompt_tokens(header.context_tokens, _configured(model.name))


def context_of(model: LocalModel, header: GgufHeader) -> str:
    """Return a model's context for the line that says what it is."""
    return f"context {context_words(used_tokens(model, header), header.context_tokens)} tokens"


def context_words(used: int, trained: int | None) -> str:
    """Return what is used, of what the model can hold."""
    return str(used) if trained in {None, used} else f"{used} of {trained}"


def _configured(name: str) -> int | None:
    """Return what the settings say of a model's context; None where they do not, or cannot be read."""
    try:
        settings = ProviderSettings.load(default_data_dir())
    except SettingsError:
        return None  # a hub started with them says what is wrong
    local = [each for each in settings.configured if each.kind == LOCAL_KIND]
    own = next((each for each in local if each.model == name), None)
    found = own or next((each for each in local if each.model is None), None)
    return None if found is None else found.context_tokens
