"""The console at /: its page, its files, and how a person signs in.

The files lie in core/console. Each has a route of its own, since API Gateway and Chalice know no route for a whole
folder. The page names every file with a digest of its content, so that browsers keep a file for ever and never show an
old one. Modules import each other by their plain names; the page's import map adds the digests.
"""

import hashlib
import html
import json
from base64 import b64encode
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from chalicelib.core.http.chalice_adapter import Api
from chalicelib.core.http.info import ApiInfo
from chalicelib.core.http.request import Reply, Request
from chalicelib.core.settings import Settings

FOLDER = Path(__file__).parents[1] / "console"
_TYPES: Mapping[str, str] = {
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
# What the modules call the libraries.
_LIBRARIES: Mapping[str, str] = {
    "preact": "vendor/preact.mjs",
    "preact/hooks": "vendor/preact-hooks.mjs",
    "htm": "vendor/htm.mjs",
    "uplot": "vendor/uplot.mjs",
    "swagger-ui": "vendor/docs/swagger-ui.js",
    "swagger-ui.css": "vendor/docs/swagger-ui.css",
}
# Fetched when it is needed, not with the page.
_LATER = frozenset({"vendor/uplot.mjs", "vendor/docs/swagger-ui.js", "vendor/docs/swagger-ui.css"})
_FOR_EVER = "public, max-age=31536000, immutable"


def console(info: ApiInfo) -> Api:
    """The routes of the console."""
    api = Api("operations")

    @api.public("/")
    def page(request: Request, settings: Settings) -> Reply:
        """Show the console."""
        import_map = _import_map(request.base)
        headers = {
            "Content-Type": "text/html; charset=utf-8",
            "Content-Security-Policy": policy(import_map, settings),
            "Referrer-Policy": "no-referrer",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Strict-Transport-Security": "max-age=31536000",  # of no effect over plain http, as on the local stack
            "Cache-Control": "no-cache",
        }
        return Reply(200, _page(request.base, info.title, import_map), headers)

    @api.public("/console/sign-in")
    def sign_in(request: Request, settings: Settings) -> Reply:
        """Say how a person gets a token."""
        return Reply(200, json.dumps(ways_to_sign_in(settings)), {"Cache-Control": "no-cache"})

    for name in names():
        _route(api, name)
    return api


def names() -> list[str]:
    """The files that have routes: "main.js", "vendor/preact.mjs"."""
    found = (path for path in FOLDER.rglob("*") if path.suffix in _TYPES)
    return sorted(path.relative_to(FOLDER).as_posix() for path in found)


def _route(api: Api, name: str) -> None:
    @api.public(f"/console/{name}")
    def file(request: Request, settings: Settings) -> Reply:
        """Send a file of the console."""
        content, digest = _content(name)
        tag = f'"{digest}"'
        current = request.query.get("v") == [digest]
        headers = {
            "Content-Type": _TYPES[Path(name).suffix],
            "Cache-Control": _FOR_EVER if current else "no-cache",
            "ETag": tag,
        }
        known = tag in request.headers.get("if-none-match", "")
        return Reply(304, "", headers) if known else Reply(200, content, headers)


@cache
def _content(name: str) -> tuple[str, str]:
    """A file's text, and the digest of it."""
    content = (FOLDER / name).read_bytes()
    return content.decode(), hashlib.sha256(content).hexdigest()[:16]


def _address(base: str, name: str) -> str:
    return f"{base}/console/{name}?v={_content(name)[1]}"


@lru_cache(maxsize=4)
def _import_map(base: str) -> str:
    """Where the modules are, as the page carries it."""
    modules = [name for name in names() if Path(name).suffix in (".js", ".mjs")]
    addresses = {f"{base}/console/{name}": _address(base, name) for name in modules}
    addresses |= {library: _address(base, name) for library, name in _LIBRARIES.items()}
    return json.dumps({"imports": addresses}, separators=(",", ":"))


@lru_cache(maxsize=4)
def _page(base: str, title: str, import_map: str) -> str:
    modules = [name for name in names() if Path(name).suffix in (".js", ".mjs") and name not in _LATER]
    sheets = [name for name in names() if name.endswith(".css") and name not in _LATER]
    head = [
        *(f'<link rel="stylesheet" href="{_address(base, name)}">' for name in sheets),
        f'<link rel="icon" href="{_address(base, "icon.svg")}">',
        f'<script type="importmap">{import_map}</script>',
        *(f'<link rel="modulepreload" href="{_address(base, name)}">' for name in modules),
        f'<script type="module" src="{_address(base, "main.js")}"></script>',
    ]
    template = (FOLDER / "index.html").read_text(encoding="utf-8")
    return template.replace("{title}", html.escape(title)).replace("{head}", "\n".join(head))


def policy(import_map: str, settings: Settings) -> str:
    """The page's Content-Security-Policy: our own files, the import map by its digest, and the issuer's addresses."""
    digest = b64encode(hashlib.sha256(import_map.encode()).digest()).decode()
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' 'sha256-{digest}'",
            "style-src 'self'",
            "img-src 'self' data:",
            " ".join(("connect-src 'self'", *_issuer_origins(settings))),
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )


def _issuer_origins(settings: Settings) -> list[str]:
    """Where a person's browser fetches its token, which may be another host than the issuer's."""
    if not settings.oidc_client_id:
        return []
    issuer = urlsplit(settings.jwt_issuer)
    return [f"{issuer.scheme}://{issuer.netloc}", *settings.oidc_origins.split()]


def ways_to_sign_in(settings: Settings) -> dict[str, object]:
    """How a person gets a token, beside pasting one, and which of its claims say who they are."""
    oidc = {"issuer": settings.jwt_issuer, "client_id": settings.oidc_client_id, "scope": settings.oidc_scope}
    return {
        "role_claim": settings.jwt_role_claim,
        "subject_claim": settings.jwt_subject_claim,
        "oidc": {**oidc, "token": settings.oidc_token} if settings.oidc_client_id else None,
        "local": settings.local_tokens or None,
    }
