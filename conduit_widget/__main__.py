"""``python -m conduit_widget``: the same as the ``conduit-widget`` command."""

import sys

from conduit_widget.cli import main

if __name__ == "__main__":
    sys.exit(main())
