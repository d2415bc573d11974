"""A real S3 server on a port of its own: moto's, in a process that ends with the tests."""

from __future__ import annotations

import atexit
import functools
import subprocess
import sys
import time
import urllib.error
import urllib.request
from typing import NamedTuple

from tests.support.network.ports import free_port

BUCKET = "files"


class S3Server(NamedTuple):
    """Where it is; ``environment`` is what points an S3 client at it."""

    url: str

    @property
    def environment(self) -> dict[str, str]:
        """The variables of the platform's own tools."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ALLOW_HTTP": "true",
            "AWS_ACCESS_KEY_ID": "tests",
            "AWS_SECRET_ACCESS_KEY": "tests-secret",
            "AWS_REGION": "us-east-1",
        }


@functools.cache
def shared_s3() -> S3Server:
    """Start it once, with an empty bucket."""
    port = free_port()
    command = [sys.executable, "-W", "ignore", "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    atexit.register(process.kill)
    url = f"http://127.0.0.1:{port}"
    request = urllib.request.Request(
        f"{url}/{BUCKET}", method="PUT", headers={"Authorization": "AWS tests:x"}
    )
    deadline = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(request, timeout=5):
                return S3Server(url)
        except urllib.error.URLError:
            if time.monotonic() > deadline or process.poll() is not None:
                raise
            time.sleep(0.1)
