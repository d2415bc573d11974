"""Find Chromium, or install it: PATH first, else Debian's package, else Playwright's own build."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from tests.support.servers.debian import APT

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

# Headless in a container: no sandbox as root, and nothing that phones home at start.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class MissingChromiumError(Exception):
    """No Chromium here, and none could be installed."""


def find_chromium() -> str | None:
    """Return the path of a Chromium: ``CONDUIT_CHROMIUM``, PATH, or Playwright's when it is installed."""
    named = os.environ.get("CONDUIT_CHROMIUM")
    if named:
        return named
    on_path = next((path for name in NAMES if (path := shutil.which(name))), None)
    return on_path or _playwright_chromium()


def ensure_chromium() -> str:
    """Return the path of a Chromium, installing one where there is none.

    Raises:
        MissingChromiumError: neither Debian's package nor Playwright's build could be installed.

    """
    found = find_chromium()
    if found:
        return found
    if shutil.which("apt-get"):
        prefix = [] if os.geteuid() == 0 else ["sudo", "-n"]
        if not prefix or shutil.which("sudo"):
            for step in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", "chromium"]):
                subprocess.run([*prefix, *APT, *step], check=False)
    found = find_chromium()
    if found:
        return found
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)
    found = find_chromium()
    if found:
        return found
    raise MissingChromiumError("Chromium is missing: install the package chromium, then run this again.")


def _playwright_chromium() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path: str = playwright.chromium.executable_path
    return path if shutil.which(path) else None
