"""``python -m conduit_widget``: the same as the ``conduit-widget`` command."""

import sys
from pathlib import Path

# `python -m` puts the present folder first: a file there (say `html.py`) must not stand in for a library's
# module, as with Python's own -P. In a checkout the package itself is there, and it stays.
_HERE = Path.cwd()
if sys.path and sys.path[0] == str(_HERE) and _HERE not in Path(__file__).parents:
    del sys.path[0]

from conduit_widget.cli import main  # noqa: E402 - once the path is right

if __name__ == "__main__":
    sys.exit(main())
