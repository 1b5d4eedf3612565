"""The documentation site is built strictly and completely, and loads nothing from another host."""

import functools
import http.server
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from deploy import parts
from deploy.site import llms
from deploy.site.build import CannotBuild, build
from deploy.site.links import faults
from deploy.site.pages import Page, sections
from deploy.site.stage import MERMAID
from local.ports import free_port
from tests.support.browser import browser
from tests.support.make import making
from tests.support.waiting import eventually

__all__ = ["browser"]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the site as it is built of this repository."""
    if not (parts.ROOT / MERMAID).exists():
        pytest.skip("`make docs-tools` installs what builds the documentation")
    return build(tmp_path_factory.mktemp("site"))


def test_every_document_is_a_page(site: Path) -> None:
    """Every document is a page, including those made from the code. The Markdown of each page is there for llms.txt."""
    documents = [page for found in sections().values() for page in found]
    made = [Page(f"reference/{name}.md", "") for name in ("routes", "states-and-events", "ops", "declarations")]
    assert len(documents) > 20
    for page in (*documents, *made):
        assert (site / page.path).exists()
        assert (site / page.path.removesuffix("index.md").removesuffix(".md") / "index.html").exists()


def test_made_pages_have_what_the_code_has(site: Path) -> None:
    """The pages have a route, a command of the operator with its options, and a class that services declare."""
    assert "GET /status" in (site / "reference/routes.md").read_text()
    assert "`--repair`" in (site / "reference/ops.md").read_text()
    assert "### Projection\n" in (site / "reference/declarations.md").read_text()


@pytest.mark.parametrize(
    ("planted", "complaint"),
    [("[x](gone.md)", "page does not exist"), ("[x](operate.md#gone)", "anchor does not exist")],
)
def test_a_broken_link_fails_the_build(site: Path, planted: str, complaint: str, tmp_path: Path) -> None:
    """A link to a page or a heading that does not exist is named."""
    root = tmp_path / "repository"
    for name in parts.files(parts.ROOT):
        if name.endswith((".md", ".py", ".json", ".png")):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(parts.ROOT / name, root / name)
    (root / ".venv-docs").symlink_to(parts.ROOT / ".venv-docs")
    (root / "docs/scaling.md").open("a").write(f"\n{planted}\n")
    with pytest.raises(CannotBuild, match=complaint):
        build(tmp_path / "site", root)


@pytest.mark.serverless
def test_what_a_page_must_not_have(tmp_path: Path) -> None:
    """Broken links are named, and so is a file of another host. A link to another host is allowed."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a/index.html").write_text('<h2 id="there">x</h2>')
    (tmp_path / "index.html").write_text(
        '<a href="a/#there"></a><a href="a/#gone"></a><a href="b/"></a><a href="https://example.com"></a>'
        '<script src="https://unpkg.com/x.js"></script><img src="x.png"><a href="mailto:a@example.com"></a>'
    )
    assert list(faults(tmp_path)) == [
        "index.html: a/#gone has no such heading",
        "index.html: b/ leads nowhere",
        "index.html: loads https://unpkg.com/x.js",
        "index.html: x.png leads nowhere",
    ]


@pytest.mark.serverless
def test_llms_txt_names_every_document() -> None:
    """llms.txt has a title, a summary, and a link to each document or to its folder."""
    found = sections()
    text = llms.text(found)
    assert text.startswith("# ")
    assert "\n> " in text
    for page in (page for pages in found.values() for page in pages):
        assert f"]({page.source})" in text or f"]({Path(page.source).parent}/)" in text


@pytest.mark.serverless
def test_summaries() -> None:
    """A summary is the first sentence of text. A list and a decision's status are not text."""
    assert Page("a.md", "# A\n\nStatus: accepted\n\n- one.\n\nThe [b](c.md) holds. More.\n").summary == "The b holds."
    assert Page("a.md", "# A\n\n| a |\n").summary == ""


def test_it_is_served(site: Path) -> None:
    """The site is served until Ctrl-C."""
    assert site.exists()  # the tools exist already
    port = free_port()
    with making(parts.ROOT, "docs", f"DOCS_PORT={port}"):
        assert eventually(lambda: shows(f"http://127.0.0.1:{port}/operate/", b"Operating"))


def shows(address: str, words: bytes) -> bool:
    """Return whether a page exists and has these words."""
    try:
        with urlopen(address) as page:
            return words in page.read()
    except OSError:
        return False


@pytest.fixture
def address(site: Path) -> Iterator[str]:
    """Yield the site, served."""
    handler = functools.partial(_Silent, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class _Silent(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments: Any) -> None:
        """Log nothing."""


def test_diagrams_are_drawn_without_another_host(address: str, browser: Any) -> None:
    """Every diagram of the explanations is drawn, and the page asks no other host for anything."""
    pages = [page for page in sections()["Explanation"] if "```mermaid" in page.text]
    assert pages
    for each in pages:
        page = browser.new_page()
        asked: list[str] = []
        page.on("request", lambda request, asked=asked: asked.append(request.url))
        page.goto(f"{address}/{each.path.removesuffix('.md')}/")
        count = each.text.count("```mermaid")
        # Drawn diagrams are in shadow trees. Playwright's selectors see only the open ones.
        page.wait_for_function(f"document.querySelectorAll('div.mermaid').length === {count}")
        assert [url for url in asked if not url.startswith((address, "data:", "blob:"))] == []
        page.close()


@pytest.mark.serverless
def test_missing_tools_are_named(tmp_path: Path) -> None:
    """If tools are missing, the build says which command installs them."""
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    with pytest.raises(CannotBuild, match="make docs-tools"):
        build(tmp_path / "site", tmp_path)
