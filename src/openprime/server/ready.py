"""The ready file: what a script needs to use a broker that it started."""

import json
import os
from pathlib import Path
from typing import Any

from openprime.server.founding import Credentials


def addresses(host: str, port: int) -> dict[str, str]:
    """The complete addresses of REST, the private and the market socket."""
    shown = f"[{host}]" if ":" in host else host
    return {
        "rest_url": f"http://{shown}:{port}",
        "private_ws_url": f"ws://{shown}:{port}/v1/private",
        "market_ws_url": f"ws://{shown}:{port}/marketdata/v2/public",
    }


def write_ready_file(path: Path, host: str, port: int, credentials: Credentials) -> None:
    """Write the file whole, readable by its owner alone; a reader never sees half of it."""
    content: dict[str, Any] = dict(addresses(host, port))
    content["access_key"] = credentials.access_key
    if credentials.secret_key is not None:
        content["secret_key"] = credentials.secret_key
    content["portfolio_id"] = str(credentials.portfolio_id)
    content["admin_token"] = credentials.admin_token
    content["pid"] = os.getpid()
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(json.dumps(content, indent=2) + "\n")
    draft.rename(path)
