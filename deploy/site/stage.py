"""The folder from which Zensical builds: every page at its path in the site, with the links that lead there."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from chalicelib.bootstrap import INFO
from deploy import parts
from deploy.site import generated, llms
from deploy.site.pages import Page, sections

PYTHON = ".venv-docs/bin/python"
MERMAID = ".venv-docs/mermaid.min.js"
_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)#:\s]+)(#[^)\s]*)?\)")
_DECISIONS = Page(
    "adr/index.md", "# Decisions\n\nEach page has one decision, the question that it answers, and its consequences.\n"
)


def stage(target: Path, root: Path = parts.ROOT) -> None:
    """Write the folder: docs/ with all pages, and Zensical's settings.

    Args:
        target: the folder; its old files are replaced, and files that are the same are not touched.
        root: the repository's root.
    """
    pages = _all(root)
    places = {page.source: page.path for found in pages.values() for page in found if page.source}
    places |= {"docs/adr": _DECISIONS.path, "docs/reference": pages["Reference"][0].path}
    written = {target / "mkdocs.yml"}
    for page in (page for found in pages.values() for page in found):
        written.add(_write(target / "docs" / page.path, _linked(page, places, root)))
    for name in (name for name in parts.files(root) if name.startswith("docs/") and not name.endswith(".md")):
        written.add(_copy(root / name, target / name))
    written.add(_copy(root / MERMAID, target / "docs/assets/mermaid.min.js"))
    written.add(_write(target / "docs/llms.txt", _llms(pages)))
    _write(target / "mkdocs.yml", json.dumps(_settings(pages), indent=1))
    for path in (path for path in (target / "docs").rglob("*") if path.is_file() and path not in written):
        path.unlink()


def _all(root: Path) -> dict[str, list[Page]]:
    """Return the documents and the generated pages, by section."""
    pages = sections(root)
    api = subprocess.run(  # noqa: S603 - the project's own script
        [root / PYTHON, root / "deploy/site/declarations.py", root], capture_output=True, text=True, check=True
    )
    made = [*generated.pages(root), Page("reference/declarations.md", api.stdout)]
    pages["Reference"] = [*pages.get("Reference", []), *made]
    decisions = [page for page in pages.get("Explanation", []) if page.path.startswith("adr/")]
    if decisions:
        index = Page(_DECISIONS.path, _DECISIONS.text + "\n" + "\n".join(map(_item, decisions)) + "\n")
        pages["Explanation"].insert(pages["Explanation"].index(decisions[0]), index)
    return pages


def _item(page: Page) -> str:
    return f"- [{page.title}]({Path(page.path).name})"


def _linked(page: Page, places: Mapping[str, str], root: Path) -> str:
    """Return a page's text with the site's links. A link to a file that is not a page becomes plain text."""
    if not page.source:
        return page.text

    def moved(match: re.Match[str]) -> str:
        image, words, target, anchor = match[1], match[2], match[3], match[4] or ""
        path = os.path.normpath(Path(page.source).parent / target)
        if path in places:
            return f"[{words}]({_relative(places[path], page.path)}{anchor})"
        if path.startswith("docs/") and (root / path).is_file() and not path.endswith(".md"):
            return f"{image}[{words}]({_relative(path.removeprefix('docs/'), page.path)})"
        return words if (root / path).exists() else match[0]  # a broken link fails the build

    return _LINK.sub(moved, page.text)


def _relative(path: str, page: str) -> str:
    return os.path.relpath(path, Path(page).parent)


def _llms(pages: Mapping[str, list[Page]]) -> str:
    """Return llms.txt of the site, where each page's Markdown is beside the page."""
    there = {section: [replace(page, source=page.path) for page in found] for section, found in pages.items()}
    return llms.text(there, home="index.md")


def _settings(pages: Mapping[str, list[Page]]) -> dict[str, Any]:
    """Return Zensical's settings. It reads mkdocs.yml, and JSON is YAML."""
    return {
        "site_name": INFO.title,
        "docs_dir": "docs",
        "site_dir": "site",
        "use_directory_urls": True,
        "nav": [{section: _nav(found)} for section, found in pages.items()],
        "theme": {
            "variant": "modern",
            "font": False,  # these would come from another host
            "features": [
                "navigation.indexes",
                "navigation.tabs",
                "navigation.footer",
                "content.code.copy",
                "toc.follow",
            ],
            "palette": [
                {
                    "media": f"(prefers-color-scheme: {scheme})",
                    "scheme": name,
                    "toggle": {"icon": f"lucide/{icon}", "name": f"Switch to {other}"},
                }
                for scheme, name, icon, other in (
                    ("light", "default", "sun", "dark"),
                    ("dark", "slate", "moon", "light"),
                )
            ],
        },
        "extra_javascript": ["assets/mermaid.min.js"],
        "extra": {"generator": False},
        "plugins": ["search"],
        "validation": {"invalid_links": True, "invalid_link_anchors": True},
        "markdown_extensions": [
            "admonition",
            "attr_list",
            "md_in_html",
            "tables",
            {"toc": {"permalink": True, "slugify": {"object": "pymdownx.slugs.slugify", "kwds": {"case": "lower"}}}},
            {
                "pymdownx.superfences": {
                    "custom_fences": [
                        {
                            "name": "mermaid",
                            "class": "mermaid",
                            "format": "pymdownx.superfences.fence_code_format",
                        }
                    ]
                }
            },
            {"pymdownx.highlight": {"anchor_linenums": False}},
            "pymdownx.inlinehilite",
        ],
    }


def _nav(pages: list[Page]) -> list[Any]:
    """Return the navigation of a section's pages. Decisions have a level of their own."""
    decisions = [page for page in pages if page.path.startswith("adr/")]
    return [
        *({page.title: page.path} for page in pages if page not in decisions),
        *([{"Decisions": [page.path for page in decisions]}] if decisions else []),
    ]


def _write(path: Path, text: str) -> Path:
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return path


def _copy(source: Path, path: Path) -> Path:
    if not path.exists() or path.read_bytes() != source.read_bytes():
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, path)
    return path
