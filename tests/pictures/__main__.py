"""Takes the pictures of `docs/images` anew: `python -m tests.pictures [folder]`, on a system of its own."""

import asyncio
import sys
import tempfile
from pathlib import Path

from playwright.async_api import async_playwright

from tests.browser.conftest import FLAGS, found_chromium
from tests.conftest import start_system, stop_system
from tests.pictures.pages import staff_pages, widget
from tests.pictures.phones import phones

IMAGES = Path(__file__).parents[2] / "docs" / "images"


async def take(folder: Path, home: Path) -> None:
    """Everything, each into a file of its own."""
    process, system = start_system(home / "home")
    try:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=found_chromium(), args=FLAGS)
            await phones(browser, system.gateway, home, folder)
            await widget(browser, system.gateway, folder)
            await staff_pages(browser, system, folder)
            await browser.close()
    finally:
        stop_system(process)


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else IMAGES
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="vinculo-pictures-") as home:
        asyncio.run(take(folder, Path(home)))


if __name__ == "__main__":
    main()
