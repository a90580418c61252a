"""Check every link inside the built documentation: ``python -m integration.site_links FOLDER``."""

from __future__ import annotations

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Page(HTMLParser):
    """The links and the targets of one page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.targets: set[str] = set()
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect what the tag refers to, and its name."""
        found = {name: value for name, value in attrs if value is not None}
        self.targets.update(found[name] for name in ("id", "name") if name in found)
        self.links.update(found[name] for name in ("href", "src") if name in found and tag != "base")


def find_broken(folder: Path) -> list[str]:
    """Return ``page: link`` for each link to a file or a section that does not exist."""
    pages = {path: Page(path) for path in folder.rglob("*.html")}
    return sorted(
        f"{path.relative_to(folder)}: {link}"
        for path, page in pages.items()
        for link in page.links
        if not _leads_somewhere(path, link, pages)
    )


def _leads_somewhere(path: Path, link: str, pages: dict[Path, Page]) -> bool:
    address = urlsplit(link)
    if address.scheme or address.netloc:
        return True
    target = path if not address.path else (path.parent / unquote(address.path)).resolve()
    if not address.fragment or target.suffix != ".html":
        return target.exists()
    return target in pages and unquote(address.fragment) in pages[target].targets


def main() -> int:
    """Print the broken links, and return 1 if there are any."""
    broken = find_broken(Path(sys.argv[1]).resolve())
    for line in broken:
        print(f"broken link: {line}")
    return 1 if broken else 0


if __name__ == "__main__":
    raise SystemExit(main())
