"""The hub's dashboard in a real browser, as a person sees it."""

from __future__ import annotations

import re

from playwright.async_api import BrowserContext, Locator, Page, Request, expect

from tests.support.waiting import eventually


class DashboardPage:
    """One open dashboard; keeps the requests it makes and everything its console says."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.requests: list[Request] = []
        self.complaints: list[str] = []
        page.on("request", self._keep)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on(
            "console",
            lambda message: self.complaints.append(message.text) if message.type == "error" else None,
        )

    def _keep(self, request: Request) -> None:
        self.requests.append(request)

    @classmethod
    async def open(cls, context: BrowserContext, url: str) -> DashboardPage:
        """Open a hub's dashboard."""
        dashboard = cls(await context.new_page())
        await dashboard.page.goto(url + "/dashboard")
        return dashboard

    @property
    def state(self) -> Locator:
        """What the badge says of the hub."""
        return self.page.locator("#state")

    @property
    def notice(self) -> Locator:
        """The line that says what is wrong."""
        return self.page.locator("#notice")

    def card(self, name: str) -> Locator:
        """Return a figure's card by its title."""
        return self.page.get_by_role("article", name=name, exact=True)

    async def digits(self, name: str) -> list[float | None]:
        """Return the large values of a figure; None where nothing is known."""
        texts = await self.card(name).locator("dd").all_text_contents()
        found = [re.search(r"[\d.,]+", text) for text in texts]
        return [float(match[0].replace(",", "")) if match else None for match in found]

    async def shows(self, name: str, least: float, most: float = float("inf"), within: float = 30.0) -> None:
        """Wait until a figure's first value is within bounds."""

        async def fits() -> bool:
            first = (await self.digits(name))[0]
            return first is not None and least <= first <= most

        await eventually(fits, within=within, what=f"{name} from {least:g} to {most:g}")

    async def draws(self, name: str, hue: str, least: int = 20) -> None:
        """Wait until a figure's plot has so many pixels of exactly the colour of a series."""

        async def enough() -> bool:
            return await self._pixels(name, hue) >= least

        await eventually(enough, what=f"a line in the plot of {name}")

    async def _pixels(self, name: str, hue: str) -> int:
        count: int = await self.card(name).evaluate(
            """(card, hue) => {
                const swatch = getComputedStyle(card.querySelector(`.swatch.${hue}`)).backgroundColor;
                const [r, g, b] = swatch.match(/\\d+/g).map(Number);
                const canvas = card.querySelector("canvas");
                const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
                let found = 0;
                for (let i = 0; i < data.length; i += 4)
                    if (data[i + 3] > 200 && data[i] === r && data[i + 1] === g && data[i + 2] === b) found++;
                return found;
            }""",
            hue,
        )
        return count

    async def give_key(self, key: str) -> None:
        """Type a key into the form and send it."""
        await self.page.get_by_label("Operator's key or token").fill(key)
        await self.page.get_by_role("button", name="Show figures").click()

    async def stays_within_width(self) -> None:
        """Fail where the page is wider than its window."""
        overflow = await self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert overflow <= 0, f"{overflow} px too wide"

    async def says(self, state: str, within: float = 60.0) -> None:
        """Wait for the badge's words."""
        await expect(self.state).to_have_text(state, timeout=within * 1000)
