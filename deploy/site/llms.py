"""llms.txt (https://llmstxt.org): a list of the documents, for programs that read them on behalf of people."""

from collections.abc import Mapping, Sequence

from deploy.site.pages import HOME, Page

# The pages of these folders get a common entry, since each answers a question of its own.
_TOGETHER = {"docs/adr/": "Decisions and their reasons, one on each page.", "docs/reports/": "Measurements."}


def text(sections: Mapping[str, Sequence[Page]], home: str = HOME) -> str:
    """Return the text of the file.

    Args:
        sections: the documents by section, including the home page. The entries link to the documents' sources.
        home: the path of the home page's source.
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
