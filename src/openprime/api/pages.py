"""What the application serves beside the API: health, OpenAPI and the documents."""

from collections.abc import Callable, Mapping
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


def pages(services: Services, endpoints: Mapping[tuple[str, str], Endpoint]) -> dict[str, Page]:
    """Path to page. The documents are those of the folder that the settings name."""
    openapi = envelope.encode(document(endpoints))
    found: dict[str, Page] = {
        "/health": lambda: (_JSON, envelope.encode(_health(services))),
        "/openapi.json": lambda: (_JSON, openapi),
    }
    folder = services.settings.documents_folder
    if folder:
        found |= _documents(Path(folder))
    return found


def _health(services: Services) -> dict[str, object]:
    broken = services.sequencer.broken
    state = "maintenance" if services.maintenance else "ok"
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
    index = f"<!doctype html><title>Openprime</title><ul>{links}</ul>".encode()
    found: dict[str, Page] = {"/docs": lambda: (_HTML, index)}
    for name in names:
        text = (folder / name).read_bytes()
        found[f"/docs/{name}"] = lambda text=text: (_MARKDOWN, text)  # type: ignore[misc]
    return found
