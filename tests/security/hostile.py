"""What an enemy with a seed would send: requests, bytes and frames, drawn one by one."""

from __future__ import annotations

import json
import random
import string
import time
from typing import Any

from openprime.api.endpoints import ENDPOINTS
from openprime.api.private.dialect import ALGOS, ORDERS
from tests.api.kit import base_order, query_of, sign, signed_text

Json = dict[str, Any]

ROWS = sorted(ENDPOINTS)
FIELDS = sorted({field.wire[0] for row in ENDPOINTS.values() for field in row.table.fields})
PATHS = [
    "/",
    "/health",
    "/docs",
    "/openapi.json",
    "/admin/v1/users",
    "/nope",
    "/..;/",
    "//",
    "/%00",
]
METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "BREW", ""]
TEXTS = [
    *(
        "",
        " ",
        "\0",
        "\ud800",
        "\u202e",
        "😀",
        "١٢٣",
        "NaN",
        "Infinity",
        "-1",
        "0",
        "1e400",
        "0x10",
    ),
    *("9" * 16, "9" * 400, "0.000000000000000000001", "true", "null", "[]", "{}", "BUY", "LIMIT"),
    *("%s%n%x", "' OR 1=1 --", "<script>", "../../etc/passwd", "${jndi:ldap://x}", "\r\nX: y"),
    *(
        "BINANCE_PERP_BTC_USDT",
        "OKX_SPOT_ETH_USDT",
        "BINANCE_PERP_" + "A" * 900,
        "BINANCE",
        "_" * 9,
    ),
]
HEADERS = [
    *("Content-Length: -1", "Content-Length: 99999999999999999999", "Transfer-Encoding: chunked"),
    *("Transfer-Encoding: gzip, chunked", "Connection: close, Upgrade", "Upgrade: websocket"),
    *("Expect: 100-continue", "Expect: a miracle", "Host: a\tb", "X-Forwarded-For: 127.0.0.1"),
    *("X-Admin-Token: letmein", "Accept-Encoding: gzip;q=2,,*", "Content-Type: text/xml", ": x"),
    *("Range: bytes=0-", "If-None-Match: *", "Cookie: " + "a=b;" * 50, "X" * 3000 + ": y", "x"),
]


class Hostile:
    """Draws from one seed; `access_key` and `secret_key` sign some of what is sent."""

    def __init__(self, seed: int, access_key: str, secret_key: str) -> None:
        self._random = random.Random(seed)
        self._access_key = access_key
        self._secret_key = secret_key

    # -- values

    def _value(self, levels: int = 3) -> Any:
        pick = self._random.randrange(9 if levels else 6)
        if pick < 3:
            return self._random.choice(TEXTS)
        if pick == 3:
            return self._random.choice([True, False, None, 0, -1, 1e308, 10**40])
        if pick < 6:
            count = self._random.randrange(1, 12)
            return "".join(self._random.choices(string.printable, k=count))
        items = [self._value(levels - 1) for _ in range(self._random.randrange(4))]
        if pick == 6:
            return items
        return {self._name(): item for item in items}

    def _name(self) -> str:
        return self._random.choice(FIELDS if self._random.random() < 0.8 else TEXTS)

    def _parameters(self) -> Json:
        parameters: Json = base_order() if self._random.random() < 0.3 else {}
        for _ in range(self._random.randrange(5)):
            parameters[self._name()] = self._value()
        return parameters

    def _mutated(self, data: bytes) -> bytes:
        """The bytes with a few of them changed, taken out, doubled or cut off."""
        found = bytearray(data)
        for _ in range(self._random.randrange(1, 6)):
            if not found:
                break
            at = self._random.randrange(len(found))
            match self._random.randrange(5):
                case 0:
                    found[at] = self._random.randrange(256)
                case 1:
                    del found[at : at + self._random.randrange(1, 20)]
                case 2:
                    found[at:at] = found[at : at + self._random.randrange(1, 200)]
                case 3:
                    found[at:at] = self._random.randbytes(self._random.randrange(1, 30))
                case _:
                    del found[at + 1 :]
        return bytes(found)

    # -- HTTP

    def request(self) -> tuple[str, str, dict[str, str], bytes]:
        """Sound HTTP with unsound contents: method, target, headers, body. Half of it is signed."""
        method, path = self._random.choice(ROWS)
        if self._random.random() < 0.1:
            method, path = self._random.choice(METHODS[:8]), self._random.choice(PATHS)
        parameters = self._parameters()
        nonce = str(int(time.time()) + self._random.choice([0, 0, 0, 0, 61, -3600]))
        target, body, signed = path, b"", f"&{nonce}"
        if method == "GET":
            texts = {key: value for key, value in parameters.items() if isinstance(value, str)}
            texts = {key: value for key, value in texts.items() if "\ud800" not in key + value}
            target += "?" + query_of(texts)
            signed = signed_text(texts, nonce)
        else:
            body = json.dumps(parameters).encode()
            if self._random.random() < 0.3:
                body = self._mutated(body)
            elif all(isinstance(value, str) for value in parameters.values()):
                signed = signed_text(parameters, nonce)
        headers = {
            "X-MBX-APIKEY": self._random.choice([self._access_key] * 4 + ["nobody"]),
            "nonce": nonce,
            "signature": self._signature(signed),
        }
        if self._random.random() < 0.2:
            del headers[self._random.choice(list(headers))]
        return method, target, headers, body

    def _signature(self, text: str) -> str:
        if self._random.random() < 0.3 or "\ud800" in text:
            return self._random.choice(["", "0" * 64, "zz", "é"])
        return sign(text, self._secret_key)

    def wire(self) -> bytes:
        """What one connection is sent: requests that are broken on the way, or no HTTP at all."""
        if self._random.random() < 0.15:
            return self._random.randbytes(self._random.randrange(1, 400))
        parts = []
        for _ in range(self._random.randrange(1, 4)):
            method, target, headers, body = self.request()
            method = self._random.choice([method] * 4 + METHODS)
            lines = [f"{method} {target} HTTP/1.1", "Host: x"]
            lines += [f"{name}: {value}" for name, value in headers.items()]
            if body:
                lines.append(f"Content-Length: {len(body)}")
            lines += self._random.sample(HEADERS, self._random.randrange(3))
            parts.append("\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n" + body)
        sent = b"".join(parts)
        return self._mutated(sent) if self._random.random() < 0.7 else sent

    # -- frames

    def frame(self) -> str | bytes:
        """A message to a socket."""
        pick = self._random.random()
        if pick < 0.1:
            return self._random.randbytes(self._random.randrange(300))
        if pick < 0.15:
            return self._random.choice(["", "{", "[" * 4000, '{"a":' * 500, "x" * 5000, "null"])
        text = json.dumps(self._action())
        if pick < 0.4:
            return self._mutated(text.encode()).decode("utf-8", "replace")
        return text

    def _action(self) -> Any:
        words = [*ORDERS.actions, *ALGOS.actions, "subscribe", "unsubscribe", "login", ""]
        frame: Json = {
            self._random.choice(["action", "event"]): self._random.choice(words),
            self._random.choice(["args", "arg"]): self._random.choice(
                [self._parameters(), [self._entry() for _ in range(3)], self._value()]
            ),
        }
        if self._random.random() < 0.5:
            frame["id"] = self._value()
        return frame

    def _entry(self) -> Any:
        channels = ["BBO", "ORDER_BOOK", "TRADE", "KLINE", "TICKER", "bbo", ""]
        return {
            "channel": self._random.choice(channels),
            "sym": self._random.choice(TEXTS[-5:]),
            "instId": self._random.choice(TEXTS[-5:]),
            self._random.choice(["interval", "level", "x"]): self._value(),
        }

    def bytes_of_frames(self) -> bytes:
        """What follows a handshake on the wire: frames that are none."""
        if self._random.random() < 0.3:
            return self._random.randbytes(self._random.randrange(1, 200))
        parts = []
        for _ in range(self._random.randrange(1, 6)):
            length = self._random.choice([0, 5, 125, 126, 127])
            head = bytes([self._random.randrange(256), 128 * self._random.randrange(2) + length])
            parts.append(head + self._random.randbytes(self._random.randrange(140)))
        return b"".join(parts)
