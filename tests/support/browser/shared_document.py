"""What a page sees of a notebook's document: how often it changes, and whether it is to be saved."""

from __future__ import annotations

from typing import Final

from playwright.async_api import Page

_WATCH: Final = """() => {
  const { model } = window.jupyterapp.shell.currentWidget.context;
  const seen = { updates: [], dirty: [] };
  const { ydoc } = model.sharedModel;
  globalThis.__document = seen;
  const parts = new Map([...ydoc.share.keys()].map(name => [ydoc.share.get(name), name]));
  ydoc.on('update', (update, origin, doc, transaction) => {
    const changed = [...transaction.changedParentTypes.keys()];
    seen.updates.push(changed.map(each => parts.get(each)).filter(Boolean).join());
  });
  model.stateChanged.connect((_, { name, newValue }) => {
    if (name === 'dirty') seen.dirty.push(newValue);
  });
}"""
_UPDATES: Final = "() => globalThis.__document.updates"
_SEEN_DIRTY: Final = "() => globalThis.__document.dirty.includes(true)"
_DIRTY: Final = "() => window.jupyterapp.shell.currentWidget.context.model.dirty"


class SharedDocument:
    """The document of the notebook that a page shows, watched from now on."""

    def __init__(self, page: Page) -> None:
        self._page = page

    @classmethod
    async def watch(cls, page: Page) -> SharedDocument:
        """Begin to count."""
        await page.evaluate(_WATCH)
        return cls(page)

    async def updates(self) -> list[str]:
        """Return the updates that came, each as the part that it changes: ``cells``; ``state`` when saved."""
        updates: list[str] = await self._page.evaluate(_UPDATES)
        return updates

    async def became_dirty(self) -> bool:
        """Return whether there was anything to be saved at any time."""
        return bool(await self._page.evaluate(_SEEN_DIRTY))

    async def is_dirty(self) -> bool:
        """Return whether there is anything to be saved."""
        return bool(await self._page.evaluate(_DIRTY))
