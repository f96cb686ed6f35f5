"""A served broker for tests: a process of its own on a free port, and a client that signs."""

import hashlib
import hmac
import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx

# Long enough for a busy machine that measures coverage as well.
START_SECONDS = 90.0
STOP_SECONDS = 60.0


class Client:
    """Calls a broker as clients do: parameters as texts, signed."""

    def __init__(self, rest_url: str, access_key: str, secret_key: str) -> None:
        self.access_key = access_key
        self.secret_key = secret_key
        # There is no TLS to verify, and reading the certificates would take longer than a test.
        self.http = httpx.Client(base_url=rest_url, timeout=30, trust_env=False, verify=False)

    def headers(self, parameters: dict[str, Any]) -> dict[str, str]:
        nonce = str(int(time.time()))
        text = "&".join(f"{name}={parameters[name]}" for name in sorted(parameters))
        signature = hmac.new(
            self.secret_key.encode(), f"{text}&{nonce}".encode(), hashlib.sha256
        ).hexdigest()
        return {"X-MBX-APIKEY": self.access_key, "nonce": nonce, "signature": signature}

    def call(self, method: str, path: str, **parameters: Any) -> dict[str, Any]:
        """The whole envelope of an answer."""
        headers = self.headers(parameters)
        if method == "GET":
            answer = self.http.get(path, params=parameters, headers=headers)
        else:
            body = json.dumps(parameters)
            headers["Content-Type"] = "application/json"
            answer = self.http.request(method, path, content=body, headers=headers)
        content = answer.json()
        assert isinstance(content, dict)
        return content

    def data(self, method: str, path: str, **parameters: Any) -> Any:
        """The data of an answer that must be a success."""
        answer = self.call(method, path, **parameters)
        assert answer["code"] in (200, 200000), answer
        return answer["data"]

    def close(self) -> None:
        self.http.close()


class ServedBroker:
    """`openprime up` as a child process; its ready file is the fixture's knowledge of it."""

    def __init__(self, folder: Path, *options: str, data: Path | None = None) -> None:
        self.folder = folder
        self.data = data or folder / "data"
        self.options = options
        self.process: subprocess.Popen[bytes] | None = None
        self.ready: dict[str, Any] = {}
        self.secret_key = ""
        self._clients: list[Client] = []

    def start(self) -> "ServedBroker":
        ready_file = self.folder / "ready.json"
        ready_file.unlink(missing_ok=True)
        command = [sys.executable, "-m", "openprime", "up", "--port", "0"]
        command += ["--data", str(self.data), "--ready-file", str(ready_file), *self.options]
        log = (self.folder / "broker.log").open("ab")
        with log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )
        try:
            self._wait_until(ready_file.exists)
        except BaseException:
            self.kill()  # nobody else would end it
            raise
        self.ready = json.loads(ready_file.read_text())
        self.secret_key = self.ready.get("secret_key", self.secret_key)
        return self

    def _wait_until(self, condition: Any) -> None:
        assert self.process is not None
        deadline = time.monotonic() + START_SECONDS
        while not condition():
            assert self.process.poll() is None, self.log()
            assert time.monotonic() < deadline, f"not ready in time: {self.log()}"
            time.sleep(0.005)

    def log(self) -> str:
        return (self.folder / "broker.log").read_text()

    @property
    def rest_url(self) -> str:
        return str(self.ready["rest_url"])

    @property
    def access_key(self) -> str:
        return str(self.ready["access_key"])

    @property
    def portfolio_id(self) -> str:
        return str(self.ready["portfolio_id"])

    def client(self) -> Client:
        client = Client(self.rest_url, self.access_key, self.secret_key)
        self._clients.append(client)
        return client

    def kill(self) -> None:
        """kill -9: nothing is told to the process."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(STOP_SECONDS)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ask it to stop; returns the exit code."""
        for client in self._clients:
            client.close()
        self._clients.clear()
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(STOP_SECONDS)
