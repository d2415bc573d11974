"""Writes ``notebooks/reference/providers.md``: every field of the providers' settings, with its variable."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from conduit_widget.providers.config.fields import FAILOVER_FIELDS, PROVIDER_FIELDS, Field

EXAMPLE: Final = """\
[failover]
policy = "continue"              # or "stop": when a provider fails in mid-answer, the text ends there

[[providers]]
name = "house"
base_url = "http://gpu-box:8000/v1"
priority = 10                    # asked first
timeouts = { first_token = 600 } # it loads large models

[[providers]]
name = "openai"
base_url = "https://api.openai.com/v1"
api_key_env = "OPENAI_API_KEY"   # or api_key_file = "openai.key", a file that you alone may read
model = "gpt-4o-mini"
limits = { requests_per_minute = 500, tokens_per_minute = 200000 }
price = { input = 0.15, output = 0.60, currency = "USD" }

[[providers]]
name = "small"
kind = "local"
"""

_HEAD: Final = """\
# Providers: every setting

Made by `python -m tests.codegen` from what the hub checks files and variables by; the tests compare them.

Nothing has to be set: without any of this a server on this machine answers, else the local model.

`config.toml` lies in the hub's data directory (`--data-dir`, `CONDUIT_DATA_DIR`). The hub follows the file,
and the key files it names, while it runs, and reads them at once at SIGHUP: answers under way end with what
they began with, a provider that is no longer there closes after its last answer. A file that cannot be used
changes nothing: the hub's log and `conduit-widget providers` say which table and field is wrong. At the start
of a hub it is one line and exit code 2.

```toml
"""
_PROVIDERS: Final = """\
```

## `[[providers]]`, one table a provider

A variable describes the provider at `CONDUIT_PROVIDER_URL` (or `serve --provider-url`), whose key is in
`CONDUIT_PROVIDER_KEY`. Its name is `CONDUIT_PROVIDER_` and the field's in capitals, with `_` for the dot; a
list is separated by commas. The variables of `timeouts` hold for every provider that has none of its own,
also for servers that were found and the local model. The file comes before the environment. A variable that
begins like these and is none of them is refused.

"""
_FAILOVER: Final = """\

`limits` are counted in each hub process on its own, from its start on. Where several share a key, give each
its part of what the key allows: two processes behind a key of 500 requests a minute have 250 each. What a
provider states in its headers is the key's own account; all processes read it, and a refusal that one of them
gets in spite of it is waited for, or goes to another provider, as ever.

## `[failover]`

"""
_OTHERS: Final = """\

## Other variables

| variable | meaning |
| --- | --- |
| `CONDUIT_PROVIDER_KEY` | the key for `CONDUIT_PROVIDER_URL` or `--provider-url` |
| `OPENAI_API_KEY`, `OPENAI_BASE_URL` | kind `openai`, at api.openai.com unless the second says otherwise |
| `ANTHROPIC_API_KEY`, `ANTHROPIC_BASE_URL` | kind `anthropic`, at api.anthropic.com likewise |
| `CONDUIT_PROVIDER` | the provider that is asked first; `local`: the local model and no other |
| `CONDUIT_DETECT=0` | do not look for model servers on this machine |
| `CONDUIT_MODELS_DIR` | where local models are installed |

## Looking

```bash
conduit-widget providers               # each with state, breaker, latency, model, as the running hub has it
conduit-widget providers explain       # which would answer a message now, and why not the others
conduit-widget providers test NAME     # ask for one word; prints the four clocks and their limits
```

Without a running hub they tell what a new one would do. Each takes `--json` and `--data-dir DIR`; `explain`
takes `--provider`, `--model` and `--vision`, as if a message named them or had an image. Exit code 1: nobody
could answer.
"""


def providers_markdown() -> str:
    """Return the text of ``providers.md``."""
    tables = [*_table(PROVIDER_FIELDS), _FAILOVER, *_table(FAILOVER_FIELDS)]
    return "".join([_HEAD, EXAMPLE, _PROVIDERS, *tables, _OTHERS])


def _table(fields: Iterable[Field]) -> Iterable[str]:
    yield "| field | takes | default | meaning | variable |\n| --- | --- | --- | --- | --- |\n"
    for field in fields:
        variable = f"`{field.variable}`" if field.variable else "none"
        cells = (f"`{field.path}`", field.shape.says, field.default, field.meaning, variable)
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |\n"
