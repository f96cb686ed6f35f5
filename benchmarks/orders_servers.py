"""The two servers of the orders benchmark, each a child process pinned to the same core.

While one is measured the other is stopped by SIGSTOP, so that the broker's market, which never
rests, takes nothing from the floor.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

START_SECONDS = 60.0
STOP_SECONDS = 20.0
SHARE_SECONDS = 2.0
SERVER_CORE = 0
LOAD_CORE = 1


class Server:
    """A child process that says in a ready file that it serves. One that is `told` something reads
    its standard input.
    """

    def __init__(
        self, command: list[str], ready_file: Path, log_file: Path, told: bool = False
    ) -> None:
        stdin = subprocess.PIPE if told else subprocess.DEVNULL
        with log_file.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *command], stdout=log, stderr=log, stdin=stdin
            )
        # Threads that the child starts later stay on the core of its first one.
        os.sched_setaffinity(self._process.pid, {SERVER_CORE})
        deadline = time.monotonic() + START_SECONDS
        while not ready_file.exists():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise SystemExit(f"{command[0]} does not start: {log_file.read_text()}")
            time.sleep(0.02)
        self.ready = json.loads(ready_file.read_text())

    def tell(self, line: str) -> None:
        """Say a line to a child that listens."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n".encode())
        self._process.stdin.flush()

    def pause(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def core_seconds(self) -> float:
        """Processor time that it has used so far."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory_kb(self) -> int:
        """Memory that it holds."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0])

    def idle_share(self) -> float:
        """How much of a core it uses without any client: the broker's market."""
        before = self.core_seconds()
        time.sleep(SHARE_SECONDS)
        return (self.core_seconds() - before) / SHARE_SECONDS

    def stop(self) -> None:
        if self._process.poll() is None:
            self.go_on()
            self._process.terminate()
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


def start_broker(folder: Path, options: list[str]) -> Server:
    """A broker with a fresh folder and default settings but for `options`."""
    ready_file = folder / "broker.json"
    command = ["openprime", "up", "--port", "0", "--data", str(folder / "data")]
    command += ["--ready-file", str(ready_file), *options]
    return Server(command, ready_file, folder / "broker.log")


def start_floor(folder: Path, secret: str) -> Server:
    """The floor; its `ready` is its port."""
    ready_file = folder / "floor.json"
    return Server(
        ["benchmarks.orders_floor", secret, str(ready_file)], ready_file, folder / "floor.log"
    )


def port_of(server: Server) -> int:
    ready: Any = server.ready
    return ready if isinstance(ready, int) else int(ready["rest_url"].rpartition(":")[2])
