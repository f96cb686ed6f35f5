"""What the application serves beside the API: health, OpenAPI and the documents."""

from collections.abc import Callable, Mapping
from functools import cache
from html import escape
from pathlib import Path

from openprime.api import envelope
from openprime.api.endpoints import Endpoint
from openprime.api.openapi import document
from openprime.api.services import Services

Page = Callable[[], tuple[bytes, bytes]]

_JSON = b"application/json"
_HTML = b"text/html; charset=utf-8"
_MARKDOWN = b"text/markdown; charset=utf-8"


def pages(
    services: Services,
    endpoints: Mapping[tuple[str, str], Endpoint],
    sockets: Mapping[str, object],
) -> dict[str, Page]:
    """Path to page. The documents are those of the folder that the settings name; `sockets` has
    the paths of the sockets that are served by the time that a page is asked for.
    """

    @cache
    def openapi() -> bytes:
        return envelope.encode(document(endpoints, services.settings.strict_status))

    found: dict[str, Page] = {
        "/": lambda: (_HTML, _index(sockets, bool(services.settings.documents_folder))),
        "/health": lambda: (_JSON, envelope.encode(_health(services))),
        "/openapi.json": lambda: (_JSON, openapi()),
    }
    folder = services.settings.documents_folder
    if folder:
        found |= _documents(Path(folder))
    return found


def _index(sockets: Mapping[str, object], documented: bool) -> bytes:
    """The first page: what there is, and where."""
    links = {"/openapi.json": "the routes", "/health": "how the broker is"}
    if documented:
        links = {"/docs": "the documents", **links}
    rows = [f'<li><a href="{path}">{path}</a> {told}</li>' for path, told in links.items()]
    rows += [f"<li>{escape(path)} a socket</li>" for path in sorted(sockets)]
    return _html(f"<h1>Openprime</h1><ul>{''.join(rows)}</ul>")


def _html(content: str) -> bytes:
    return f'<!doctype html><html lang="en"><title>Openprime</title>{content}</html>'.encode()


def _health(services: Services) -> dict[str, object]:
    broken = services.sequencer.broken
    now_ms = services.clock_ms()
    windows = services.desk.state.windows.values()
    running = any(window.start_ms <= now_ms < window.end_ms for window in windows)
    state = "maintenance" if running else "ok"
    return {
        "status": "halted" if broken is not None else state,
        "sequence": services.sequencer.sequence,
        "durability": services.settings.durability,
        "uptimeSeconds": (services.wall_ms() - services.started_at_ms) // 1000,
    }


def _documents(folder: Path) -> dict[str, Page]:
    """One page a markdown file, as it stands, and a list of them."""
    names = sorted(path.name for path in folder.glob("*.md"))
    links = "".join(f'<li><a href="/docs/{escape(n)}">{escape(n)}</a></li>' for n in names)
    index = _html(f"<ul>{links}</ul>")
    found: dict[str, Page] = {"/docs": lambda: (_HTML, index)}
    for name in names:
        text = (folder / name).read_bytes()
        found[f"/docs/{name}"] = lambda text=text: (_MARKDOWN, text)  # type: ignore[misc]
    return found
