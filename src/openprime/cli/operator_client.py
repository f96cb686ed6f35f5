"""A running broker as `openprime admin` speaks to it: HTTP, the token, one line of failure."""

import json
import os
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, NoReturn
from urllib.parse import urlencode

import click

URL_VARIABLE = "OPENPRIME_ADMIN_URL"
TOKEN_VARIABLE = "OPENPRIME_ADMIN_TOKEN"
DEFAULT_URL = "http://127.0.0.1:8080"
SECONDS = 60.0
_UNAUTHORISED, _NOT_FOUND = 401, 404


class Refused(click.ClickException):
    """The broker was reached and said no, or was not reached: exit code 1."""

    exit_code = 1


class Server(NamedTuple):
    """Where a broker listens, and what its operator is known by."""

    url: str
    token: str


def reaches_broker(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options by which a group of commands finds its broker: url, token, ready_file."""
    options = (
        click.option(
            "--url", metavar="URL", help=f"The broker. Default: {URL_VARIABLE}, {DEFAULT_URL}."
        ),
        click.option(
            "--token", metavar="TOKEN", help=f"Its admin token. Default: {TOKEN_VARIABLE}."
        ),
        click.option(
            "--ready-file",
            type=click.Path(path_type=Path),
            help="A ready file, which names both.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def server_of(url: str | None, token: str | None, ready_file: Path | None) -> Server:
    """The broker that options, the ready file and the environment name, in this order."""
    ready: dict[str, Any] = {}
    if ready_file is not None:
        try:
            ready = json.loads(ready_file.read_text())
            ready["rest_url"], ready["admin_token"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise click.UsageError(
                f"--ready-file: expected the ready file of a running broker at {ready_file}, "
                f"found: {error}"
            ) from error
    url = url or ready.get("rest_url") or os.environ.get(URL_VARIABLE) or DEFAULT_URL
    token = token or ready.get("admin_token") or os.environ.get(TOKEN_VARIABLE)
    if not token:
        raise click.UsageError(
            f"expected the admin token by --token, --ready-file or {TOKEN_VARIABLE}, found none; "
            "the first start of the broker printed it"
        )
    if not url.startswith(("http://", "https://")):
        raise click.UsageError(f"--url: expected http://HOST:PORT, found {url!r}")
    return Server(url.rstrip("/"), token)


def call(server: Server, method: str, path: str, members: dict[str, Any]) -> Any:
    """The data of an action's answer; Refused where there is none."""
    address, content = server.url + path, None
    if method == "GET":
        address += f"?{urlencode(members)}" if members else ""
    else:
        content = json.dumps(members).encode()
    request = urllib.request.Request(address, content, method=method)
    request.add_header("X-Admin-Token", server.token)
    # A token is for this broker alone, and for no proxy on the way.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    status, answer = 200, b""
    try:
        with opener.open(request, timeout=SECONDS) as response:
            answer = response.read()
    except urllib.error.HTTPError as error:
        with error:
            status, answer = error.code, error.read()
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise Refused(
            f"expected a broker at {server.url}, found: {reason}; start one with: openprime up"
        ) from error
    return _data(server, path, status, answer)


def _data(server: Server, path: str, status: int, answer: bytes) -> Any:
    try:
        envelope = json.loads(answer)
        code, told, data = envelope["code"], envelope["message"], envelope["data"]
    except (ValueError, KeyError, TypeError):
        _refuse(f"expected an answer of openprime at {server.url}, found HTTP status {status}")
    if code == 200:
        return data
    if status == _UNAUTHORISED:
        _refuse(f"expected the admin token of the broker at {server.url}, found another ({told})")
    if status == _NOT_FOUND:
        _refuse(
            f"expected {path} at {server.url}, found nothing; the operator's routes are for this "
            "machine, unless the section [admin] of the configuration says other"
        )
    detail = data.get("detail") if isinstance(data, dict) else None
    _refuse(f"{code} {told}" + (f": {detail}" if detail else ""))


def _refuse(line: str) -> NoReturn:
    raise Refused(" ".join(line.split()))
