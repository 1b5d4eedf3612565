"""Check a built site as a browser would: find broken links, and files that a page loads from another host."""

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

_LOADED = {"img": "src", "script": "src", "link": "href", "iframe": "src", "source": "src"}
_NOT_LOADED = {"canonical", "prev", "next", "alternate", "edit"}


class _Page(HTMLParser):
    """A parser that notes a page's links, the files that it loads, and the anchors in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given[name] for name in ("id", "name") if given.get(name)}
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        if given.get(_LOADED.get(tag, "")) and given.get("rel") not in _NOT_LOADED:
            self.loaded.append(given[_LOADED[tag]])


def faults(site: Path) -> Iterator[str]:
    """Return a line for each broken link, and for each file that a page loads from another host."""
    pages = {path: _Page(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}
    for path, page in pages.items():
        if path.name == "404.html":
            continue  # may be served at any path, so its links begin at the root
        here = path.relative_to(site)
        for target in dict.fromkeys((*page.links, *page.loaded)):
            parts = urlsplit(target)
            if parts.scheme or parts.netloc:
                if target in page.loaded and parts.scheme != "data":
                    yield f"{here}: loads {target}"
                continue
            found = _file(path, unquote(parts.path))
            if not found.exists():
                yield f"{here}: {target} leads nowhere"
            elif parts.fragment and found in pages and unquote(parts.fragment) not in pages[found].anchors | {"__"}:
                yield f"{here}: {target} has no such heading"


def _file(page: Path, target: str) -> Path:
    found = (page.parent / target).resolve() if target else page
    return found / "index.html" if found.is_dir() else found
