"""JupyterLab with real-time collaboration and people of its own, for a test's server alone.

jupyter-collaboration is installed beside what the tests run on, once: where it is on, every notebook is a
shared document, and the other tests of the browser have none.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

import filelock

from tests.support.jupyter.extensions import built_extensions

VERSION: Final = "5.0.4"
HOME: Final = (
    Path(tempfile.gettempdir())
    / f"conduit-widget-collaboration-{VERSION}-{sys.version_info.major}.{sys.version_info.minor}"
)

PEOPLE: Final = '''
from jupyter_server.auth import Authorizer, IdentityProvider, User

FACE = "data:image/png;base64," + (
    "iVBORw0KGgoAAAANSUhEUgAAABgAAAAYCAIAAABvFaqvAAAAUUlEQVR42mP4f9WfKohh1CBKDcqSnoWMyDQIzRT8ZjGQZAoe"
    "s0YNosAgqsUaNdPR4MsiVAgjPFGGyzgGMkzBahYDeaZgmkUbg0gyBc2swWcQABexFyns9LNxAAAAAElFTkSuQmCC"
)
LOOKS = {
    "ann": ("Ann Äpfel", "#8e24aa", FACE),
    "bob": ("Bob Bär", "#00796b", "/static/logo/logo.png"),
    "vic": ("Vic Viewer", "#5d4037", "https://faces.invalid/vic.png"),
}

class ByToken(IdentityProvider):
    """Whoever has a token of this form is that user: `user-ann`."""

    token = ""

    @property
    def auth_enabled(self):
        return True

    async def get_user_token(self, handler):
        kind, _, user = (self.get_token(handler) or "").partition("-")
        if kind != "user" or user not in LOOKS:
            return None
        name, color, picture = LOOKS[user]
        return User(user, name, name, "".join(word[0] for word in name.split()), picture, color)

class Viewers(Authorizer):
    """Vic may run nothing and open notebooks; who shares a document has to be let write contents."""

    def is_authorized(self, handler, user, action, resource):
        return user.username != "vic" or action == "read" or resource in {"contents", "events"}

c.ServerApp.identity_provider_class = ByToken
c.ServerApp.authorizer_class = Viewers
c.YDocExtension.document_save_delay = 0.5
'''
"""Configuration of a Jupyter server for Ann, Bob, and Vic who may only read."""


def collaborating(folder: Path) -> dict[str, str]:
    """Return the environment of a Jupyter server with collaboration, these people and this package."""
    _install()
    own = built_extensions(folder)
    databases = {"SQLiteYStore": "documents.db", "BaseFileIdManager": "files.db"}
    kept = [f"c.{name}.db_path = {str(folder / file)!r}" for name, file in databases.items()]
    (folder / "jupyter_server_config.py").write_text("\n".join([PEOPLE, *kept]), encoding="utf-8")
    return {
        **own,
        "PYTHONPATH": os.pathsep.join(filter(None, [str(HOME), os.environ.get("PYTHONPATH")])),
        "JUPYTER_PATH": os.pathsep.join([own["JUPYTER_PATH"], str(HOME / "share" / "jupyter")]),
        "JUPYTER_CONFIG_PATH": os.pathsep.join([own["JUPYTER_CONFIG_PATH"], str(HOME / "etc" / "jupyter")]),
    }


def _install() -> None:
    """Install what is missing for it into a folder of its own; what is installed stays as it is."""
    done = HOME / "complete"
    with filelock.FileLock(f"{HOME}.lock"):
        if done.exists():
            return
        wanted = f"jupyter-collaboration=={VERSION}"
        report: dict[str, Any] = json.loads(_pip("--dry-run", "--report", "-", wanted))
        missing = [f"{each['metadata']['name']}=={each['metadata']['version']}" for each in report["install"]]
        _pip("--no-deps", "--target", str(HOME), *missing)
        done.touch()


def _pip(*arguments: str) -> str:
    command = [sys.executable, "-m", "pip", "install", "--quiet", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"jupyter-collaboration cannot be installed: {done.stderr[-2000:]}"
    return done.stdout
