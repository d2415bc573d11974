"""The package's extensions of JupyterLab, Notebook and the Jupyter server, as they were built last."""

from __future__ import annotations

from pathlib import Path

import conduit_widget

PACKAGE = Path(conduit_widget.__file__).parent


def built_extensions(folder: Path) -> dict[str, str]:
    """Return the environment that enables them: an installation may have older ones."""
    for link, target in {
        "labextensions/conduit_widget": PACKAGE / "labextension",
        "jupyter_server_config.d/conduit_widget.json": PACKAGE / "jupyter" / "conduit_widget.json",
    }.items():
        path = folder / link
        path.parent.mkdir(parents=True)
        path.symlink_to(target)
    # JupyterLab's own question about news would lie over the chat.
    news = folder / "settings" / "@jupyterlab" / "apputils-extension" / "notification.jupyterlab-settings"
    news.parent.mkdir(parents=True)
    news.write_text('{"fetchNews": "false"}', encoding="utf-8")
    return {
        "JUPYTER_PATH": str(folder),
        "JUPYTER_CONFIG_PATH": str(folder),
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
    }
