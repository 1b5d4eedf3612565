"""Look at a built site as a browser would: links that lead nowhere, and what a page loads from another host."""

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

_LOADED = {"img": "src", "script": "src", "link": "href", "iframe": "src", "source": "src"}
_NOT_LOADED = {"canonical", "prev", "next", "alternate", "edit"}


class _Page(HTMLParser):
    """What a page links to, what it loads, and the places in it that a link can lead to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note one element."""
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given[name] for name in ("id", "name") if given.get(name)}
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        if given.get(_LOADED.get(tag, "")) and given.get("rel") not in _NOT_LOADED:
            self.loaded.append(given[_LOADED[tag]])


def faults(site: Path) -> Iterator[str]:
    """Each link that leads nowhere and each file of another host that a page loads, as a line."""
    pages = {path: _Page(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}
    for path, page in pages.items():
        if path.name == "404.html":
            continue  # served anywhere, so its links begin at the root
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
