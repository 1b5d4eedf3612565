"""The list of the documents. A document is a Markdown file, and its path determines its section."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from deploy import parts

HOME = "README.md"
# The sections of the site, in order, with the documents of each. A project adds its own sections by their names.
SECTIONS: Mapping[str, Sequence[str]] = {
    "Start": (HOME, "docs/tour.md", "docs/tutorial.md"),
    "How-to": ("docs/howto-*.md", "docs/deploy.md", "docs/operate.md", "docs/scaling.md"),
    "Reference": ("docs/reference/*.md",),
    "Explanation": ("docs/explanation/*.md", "docs/adr/*.md"),
    "Performance": ("docs/promises.md", "docs/performance.md", "docs/reports/*.md"),
    "Project": ("docs/README.md", "docs/dependencies.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"),
    "More": ("docs/*.md",),
}
# The paths in the site of documents that are not in docs/, or have another path there.
_PLACES = {HOME: "index.md", "docs/README.md": "documents.md"}
_TITLE = re.compile(r"^# +(.+?)\s*$", re.MULTILINE)
# The beginning of a line that is not plain text: a list, a table, code, a heading, or the status of a decision.
_SENTENCE = re.compile(r"(?![#|`<!>-]|\d+\.|Status:).+?[.:](?=\s|$)")
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")


@dataclass(frozen=True)
class Page:
    """A document.

    Attributes:
        path: its path in the site: "reference/http.md".
        text: its Markdown.
        source: its path in the repository; "" if it is made for the site only.
    """

    path: str
    text: str
    source: str = ""

    @property
    def title(self) -> str:
        """Its first heading."""
        found = _TITLE.search(self.text)
        return plain(found[1]) if found else self.path

    @property
    def summary(self) -> str:
        """The first sentence after its title; "" if no text follows it."""
        for paragraph in _TITLE.sub("", self.text, count=1).split("\n\n"):
            sentence = _SENTENCE.match(plain(" ".join(paragraph.split())))
            if sentence:
                return sentence[0].removesuffix(":").removesuffix(".") + "."
        return ""


def plain(text: str) -> str:
    """Return Markdown without its links."""
    return _LINK.sub(r"\1", text)


def sections(root: Path = parts.ROOT) -> dict[str, list[Page]]:
    """Return a repository's documents by section. A section without documents is left out."""
    left = [name for name in parts.files(root) if name.endswith(".md")]
    found: dict[str, list[Page]] = {}
    for section, patterns in SECTIONS.items():
        names = list(_taken(left, patterns))
        if names:
            found[section] = [_page(root, name) for name in names]
    return found


def _taken(left: list[str], patterns: Sequence[str]) -> Iterator[str]:
    """Return the names that match, pattern by pattern, and remove them from `left`."""
    for pattern in patterns:
        for name in [name for name in left if fnmatch(name, pattern) and name.count("/") == pattern.count("/")]:
            left.remove(name)
            yield name


def _page(root: Path, name: str) -> Page:
    place = _PLACES.get(name) or (name.removeprefix("docs/") if name.startswith("docs/") else name.lower())
    return Page(place, (root / name).read_text(encoding="utf-8"), name)
