"""Real Chromium, real JupyterLab, the real local model."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, async_playwright, expect

from conduit_widget.runtime_file import read_runtime
from tests.support.browser.acting import House, answer_with_code, configure
from tests.support.browser.chromium import FLAGS, ensure_chromium
from tests.support.hub.local_process import stop_hub
from tests.support.jupyter.extensions import built_extensions
from tests.support.jupyter.lab import JupyterLab, start_server
from tests.support.network.raw_http_server import RawHttpServer

SCREENSHOTS = Path(__file__).parent / "screenshots"
PATIENCE_MS = 30_000

expect.set_options(timeout=PATIENCE_MS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder needs a browser and has time for a small model."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.timeout(600))


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The browser."""
    return ensure_chromium()


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """The data directory of the hub the kernels will start."""
    return tmp_path / "data"


@pytest.fixture
def only_configured() -> None:
    """Only ``config.toml`` names providers."""


@pytest.fixture
def extensions(tmp_path: Path) -> dict[str, str]:
    """Have the Jupyter server and its pages use the package's extensions."""
    return built_extensions(tmp_path / "extensions")


@pytest.fixture
def provider_environment(request: pytest.FixtureRequest) -> dict[str, str]:
    """What names the hub's model, the local one unless ``only_configured``; and the extensions' settings."""
    asked = request.fixturenames
    model = {"CONDUIT_DETECT": "0"} if "only_configured" in asked else {"CONDUIT_PROVIDER": "local"}
    return {**model, **(request.getfixturevalue("extensions") if "extensions" in asked else {})}


@pytest.fixture
async def house(data_dir: Path, only_configured: None) -> AsyncIterator[House]:
    """The hub's only model: it numbers its answers."""
    house = House()
    async with RawHttpServer(house) as server:
        configure(data_dir, server.base_url)
        yield house


@pytest.fixture
async def coder(data_dir: Path, only_configured: None) -> AsyncIterator[None]:
    """The hub's only model: it answers with :data:`tests.support.browser.acting.CODE`."""
    async with RawHttpServer(answer_with_code) as server:
        configure(data_dir, server.base_url)
        yield


@pytest.fixture
def server_kind() -> type[JupyterLab]:
    """JupyterLab, unless a module says otherwise."""
    return JupyterLab


@pytest.fixture
def lab(
    tmp_path: Path, data_dir: Path, provider_environment: dict[str, str], server_kind: type[JupyterLab]
) -> Iterator[JupyterLab]:
    """A Jupyter server on an empty folder; its kernels share one hub, and that one model."""
    root = tmp_path / "notebooks"
    root.mkdir()
    server = start_server(server_kind, root, {"CONDUIT_DATA_DIR": str(data_dir), **provider_environment})
    try:
        yield server
    finally:
        server.stop()
        runtime = read_runtime(data_dir)
        if runtime is not None:
            stop_hub(runtime.pid)


@pytest.fixture
async def browser(chromium_path: str) -> AsyncIterator[Browser]:
    """A fresh Chromium."""
    async with async_playwright() as playwright:
        instance = await playwright.chromium.launch(executable_path=chromium_path, args=FLAGS)
        try:
            yield instance
        finally:
            await instance.close()


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A browser profile of its own."""
    profile = await browser.new_context(viewport={"width": 1100, "height": 900})
    try:
        yield profile
    finally:
        await profile.close()


@pytest.fixture
def screenshots() -> Path:
    """Where pictures for people go."""
    SCREENSHOTS.mkdir(exist_ok=True)
    return SCREENSHOTS
