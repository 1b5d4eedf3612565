"""llms.txt (https://llmstxt.org): what there is to read, for programs that read for people."""

from collections.abc import Mapping, Sequence

from deploy.site.pages import HOME, Page

# Pages of these folders are named together: each answers a question of its own.
_TOGETHER = {"docs/adr/": "Decisions and their reasons, one on each page.", "docs/reports/": "Measurements."}


def text(sections: Mapping[str, Sequence[Page]], home: str = HOME) -> str:
    """The file.

    Args:
        sections: the documents by section, the home page among them. It links to where each has its source.
        home: where the home page has its source.
    """
    first = next(page for pages in sections.values() for page in pages if page.source == home)
    lines = [f"# {first.title}", "", f"> {first.summary}"]
    for section, pages in sections.items():
        lines += ["", f"## {section}", "", *dict.fromkeys(_line(page) for page in pages)]
    return "\n".join(lines) + "\n"


def _line(page: Page) -> str:
    for folder, about in _TOGETHER.items():
        if page.source.startswith(folder):
            return f"- [{folder}]({folder}): {about}"
    return f"- [{page.title}]({page.source}){': ' if page.summary else ''}{page.summary}"
