"""Secrets stay where they are: after a session of failures none is in a log, an answer, an audit
row or a file.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect

from tests.api.kit import ORDER, base_order, sign
from tests.served import ServedBroker


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedBroker]:
    broker = ServedBroker(tmp_path_factory.mktemp("secrets")).start()
    yield broker
    broker.stop()


class Session:
    """Sends secrets where they do not belong, and keeps every answer."""

    def __init__(self, broker: ServedBroker) -> None:
        self.broker = broker
        self.token = str(broker.ready["admin_token"])
        self.http = httpx.Client(base_url=broker.rest_url, timeout=30, trust_env=False)
        self.heard: list[str] = []

    def ask(self, method: str, path: str, headers: Any = None, **more: Any) -> Any:
        answer = self.http.request(method, path, headers=headers, **more)
        assert answer.status_code < 500
        self.heard.append(f"{answer.headers} {answer.text}")
        return answer

    def signed(self, parameters: dict[str, Any], secret: str) -> dict[str, str]:
        nonce = str(int(time.time()))
        text = "&".join(f"{name}={parameters[name]}" for name in sorted(parameters))
        return {
            "X-MBX-APIKEY": self.broker.access_key,
            "nonce": nonce,
            "signature": sign(f"{text}&{nonce}", secret),
        }

    def admin(self, method: str, path: str, **body: Any) -> Any:
        content = json.dumps(body) if method != "GET" else None
        headers = {"X-Admin-Token": self.token}
        return self.ask(method, f"/admin/v1/{path}", headers, content=content)

    async def talk(self, path: str, frames: list[Any]) -> None:
        address = self.broker.rest_url.replace("http", "ws") + path + "?binary=false"
        async with connect(address, proxy=None) as client:
            for frame in frames:
                await client.send(frame if isinstance(frame, str) else json.dumps(frame))
                self.heard.append(str(await client.recv()))


def make_key(session: Session) -> str:
    """The secret of a new key."""
    broker = session.broker
    asked = {"portfolioId": broker.portfolio_id, "apiName": "bot", "permission": "READ"}
    headers = session.signed(asked, broker.secret_key)
    answer = session.http.post("/api/v1/apiKey/portfolio", headers=headers, json=asked)
    return str(answer.json()["data"]["secretKey"])


def fail_in_every_way(session: Session, secrets: list[str]) -> None:
    """Show secrets where they are wanted, and fail for all other reasons."""
    key = session.broker.access_key
    for secret in secrets:
        session.ask("GET", ORDER, {"X-MBX-APIKEY": secret, "nonce": secret, "signature": secret})
        session.ask("POST", "/admin/v1/users", {"X-Admin-Token": secret + "x"}, content="{")
        session.ask("POST", ORDER, session.signed({}, secret), content="{")
        session.ask("POST", ORDER, session.signed({"side": "?"}, secret), json={"side": "?"})
        login = {"apiKey": key, "timestamp": secret, "sign": secret}
        frames = [{"action": "login", "args": login}, "{"]
        asyncio.run(session.talk("/v1/private", frames))
        asyncio.run(session.talk("/marketdata/v2/public", frames))
    session.admin("POST", "users", kind="?", secretKey="?")
    session.admin("POST", "keys/freeze", accessKey="?")


def misplace(session: Session, secrets: list[str]) -> None:
    """Send secrets as something else, which a refusal may say back, and a log may not."""
    known = session.broker.secret_key
    for secret in secrets:
        session.ask("GET", f"/{secret}?{secret}={secret}")
        for field in ("side", "portfolioId", "orderId", "clientOrderId", secret):
            body = base_order(**{field: secret})
            session.ask("POST", ORDER, session.signed(body, known), json=body)
            session.ask(
                "GET", ORDER, session.signed({field: secret}, known), params={field: secret}
            )
        frames = [secret, f'{{"action":"{secret}"', {"action": secret, "args": {"sym": secret}}]
        asyncio.run(session.talk("/v1/private", frames))
        asyncio.run(session.talk("/marketdata/v2/public", frames))


def test_no_secret_is_told_kept_or_logged(served: ServedBroker) -> None:
    session = Session(served)
    started = len(served.log())
    secrets = [served.secret_key, session.token, make_key(session)]
    fail_in_every_way(session, secrets)
    session.admin("GET", "audit")
    session.admin("GET", "users")
    session.admin("GET", "portfolios")
    heard = "".join(session.heard)
    misplace(session, secrets)
    session.http.close()
    log = served.log()[started:]
    assert served.stop() == 0
    kept = b"".join(path.read_bytes() for path in served.data.rglob("*") if path.is_file())
    for place, secret in enumerate(secrets):
        assert secret not in heard, place
        assert secret not in log, place
        assert secret.encode() not in kept, place
