"""Drives the vendor's command line client, unmodified, against a broker of ours.

The client (npm package @liquiditytech/rapidx-cli, the version pinned in package.json and
package-lock.json here) is fetched with npm into .cache/ on first use and kept there. It is never
part of this repository: its licence does not allow that.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
CACHE = HERE.parents[1] / ".cache" / "npm"
ENTRY = Path("node_modules/@liquiditytech/rapidx-cli/dist/cli/bin.js")
SHIM = HERE / "redirect_venues.cjs"
MANIFESTS = ("package.json", "package-lock.json")

Json = dict[str, Any]


def install() -> Path:
    """Install the pinned client unless that has been done; return its entry script."""
    if not (npm := shutil.which("npm")):
        raise RuntimeError(
            "the end-to-end tests need node and npm; leave them out with -m 'not network'"
        )
    digest = hashlib.sha256(b"".join((HERE / name).read_bytes() for name in MANIFESTS))
    folder = CACHE / f"rapidx-{digest.hexdigest()[:12]}"
    with _locked(CACHE / "install.lock"):
        if not (folder / ENTRY).exists():
            building = folder.with_suffix(".part")
            shutil.rmtree(building, ignore_errors=True)
            building.mkdir(parents=True)
            for name in MANIFESTS:
                shutil.copy(HERE / name, building)
            command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            done = subprocess.run(
                command, cwd=building, capture_output=True, text=True, timeout=300, check=False
            )
            if done.returncode:
                raise RuntimeError(f"npm ci failed:\n{done.stderr}")
            building.rename(folder)
    return folder / ENTRY


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@dataclass(frozen=True)
class Result:
    """What one command printed: the client always prints one JSON envelope."""

    command: str
    exit_code: int
    envelope: Json
    stderr: str

    @property
    def ok(self) -> bool:
        return self.envelope.get("ok") is True and self.exit_code == 0

    @property
    def status(self) -> str:
        return str(self.envelope.get("status"))

    @property
    def data(self) -> Any:
        """The client's own data; of a failed command an assertion error that shows everything."""
        assert self.ok, str(self)
        return self.envelope["data"]

    def reply(self) -> Json:
        """The broker's envelope, for commands that hand it through; it has to be a success."""
        data = self.data
        envelope: Json = data.get("response", data)
        assert envelope["code"] == 200000, str(self)
        assert isinstance(envelope["message"], str), str(self)
        return envelope

    @property
    def rows(self) -> Any:
        """The `data` of the broker's envelope."""
        return self.reply()["data"]

    @property
    def upstream_code(self) -> str | None:
        """The broker's code in a business error."""
        code = self.envelope.get("details", {}).get("upstreamCode")
        return None if code is None else str(code)

    def __str__(self) -> str:
        text = json.dumps(self.envelope, indent=1)
        return f"rapidx {self.command}: exit {self.exit_code}\n{text}\n{self.stderr}"


@dataclass
class RapidxCli:
    """One user of the client: credentials, a broker, and a folder for the client's state."""

    rest_url: str
    access_key: str
    secret_key: str
    state_dir: Path
    venue_url: str | None = None  # whose public market data; the broker's own unless told
    entry: Path = field(default_factory=install)

    def env(self) -> dict[str, str]:
        """A bare environment: nothing of the caller's proxies, keys or options leaks in."""
        return {
            "PATH": os.environ.get("PATH", ""),
            "HOME": str(self.state_dir),
            "LTP_API_HOST": self.rest_url,
            "LTP_ACCESS_KEY": self.access_key,
            "LTP_SECRET_KEY": self.secret_key,
            "RAPIDX_STATE_DIR": str(self.state_dir),
            "OPENPRIME_VENUE_URL": self.venue_url or self.rest_url,
            "NODE_OPTIONS": f'--require "{SHIM}"',
        }

    def run(self, command: str, /, **fields: Any) -> Result:
        """Run e.g. run("order query", orderId="…"); fields go in as one JSON object."""
        argv = ["node", str(self.entry), *command.split(), "--json"]
        if fields:
            argv += ["--input", json.dumps(fields)]
        done = subprocess.run(
            argv,
            env=self.env(),
            cwd=self.state_dir,
            stdin=subprocess.DEVNULL,  # else it waits for input that never ends
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        try:
            envelope = json.loads(done.stdout or done.stderr)
        except json.JSONDecodeError as error:
            raise AssertionError(
                f"rapidx {command}: not JSON\n{done.stdout}\n{done.stderr}"
            ) from error
        return Result(command, done.returncode, envelope, done.stderr)

    def submit(self, command: str, /, **fields: Any) -> Result:
        """A write: preview it, then send it with the token that the preview gave."""
        preview = self.preview(command, **fields)
        if not preview.ok:
            return preview
        return self.run(
            command,
            **fields,
            previewId=preview.data["previewId"],
            continueConsentId=preview.data["confirmation"]["submitToken"],
        )

    def preview(self, command: str, /, **fields: Any) -> Result:
        """The preview that belongs to a write: its own command, or `trade preview`."""
        if command in {"order place", "order replace", "order cancel"}:
            return self.run(f"{command}-preview", **fields)
        return self.run("trade preview", targetCapabilityId=command.replace(" ", "."), **fields)
