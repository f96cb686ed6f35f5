"""The signature of a request (rest-admin 1.1, clients 11 to 21).

HMAC-SHA256 over the parameters sorted by key, `k=v` joined by `&`, then `&` and the nonce; values
raw. For values that are no texts the clients in the field differ, so a few forms are tried: what
is accepted by any of them was signed by the holder of the secret.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import sha256
from hmac import compare_digest

from openprime.api.edge.decoding import Decoded, Number, Value

_BLOCK_BYTES = 64
_INNER = bytes(byte ^ 0x36 for byte in range(256))
_OUTER = bytes(byte ^ 0x5C for byte in range(256))


class Signer:
    """HMAC-SHA256 under one secret, with the part that depends on the secret alone done once."""

    __slots__ = ("_inner", "_outer")

    def __init__(self, secret: str) -> None:
        key = secret.encode()
        if len(key) > _BLOCK_BYTES:
            key = sha256(key).digest()
        key = key.ljust(_BLOCK_BYTES, b"\0")
        self._inner = sha256(key.translate(_INNER))
        self._outer = sha256(key.translate(_OUTER))

    def sign(self, message: bytes) -> bytes:
        """The signature of a message: 64 lower-case hex digits."""
        inner = self._inner.copy()
        inner.update(message)
        outer = self._outer.copy()
        outer.update(inner.digest())
        return outer.hexdigest().encode()

    def agrees(self, message: bytes, signature: bytes) -> bool:
        """Whether a signature is that of the message, in constant time."""
        return compare_digest(self.sign(message), signature.lower())


def signed_by(signer: Signer, decoded: Decoded, nonce: str, signature: bytes) -> bool:
    """Whether the parameters were signed under this secret, in any of the known forms.

    Parameters that cannot be used count as none: their signature may cover nothing, or any
    reading of them, since nothing will come of the request but its refusal.
    """
    agreed = False
    for message in _messages(decoded, nonce):
        agreed = signer.agrees(message, signature) or agreed
    return agreed


def _messages(decoded: Decoded, nonce: str) -> Iterator[bytes]:
    values = decoded.values
    if decoded.plain and not decoded.unfit:
        yield message(values, nonce)
        return
    for form in FORMS:
        yield _joined((form(key, values[key]) for key in sorted(values)), nonce)
    if decoded.unfit:
        yield _joined((), nonce)
        first_wins = dict(reversed(decoded.pairs))
        yield _joined((_literal(key, first_wins[key]) for key in sorted(first_wins)), nonce)
        pairs = sorted(decoded.pairs, key=lambda pair: pair[0])
        yield _joined((_literal(key, value) for key, value in pairs), nonce)


def message(values: Mapping[str, str], nonce: str) -> bytes:
    """What is signed where all parameters are texts."""
    parts = [f"{key}={values[key]}" for key in sorted(values)]
    return ("&".join(parts) + "&" + nonce).encode("utf-8", "surrogatepass")


def _joined(parts: Iterable[str], nonce: str) -> bytes:
    return ("&".join(parts) + "&" + nonce).encode("utf-8", "surrogatepass")


def _json(value: Value, escaped: bool) -> str:
    """Compact JSON with numbers in their literal text."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, list):
        return "[" + ",".join(_json(item, escaped) for item in value) + "]"
    if isinstance(value, dict):
        pairs = (f"{_json(key, escaped)}:{_json(item, escaped)}" for key, item in value.items())
        return "{" + ",".join(pairs) + "}"
    return json.dumps(value, ensure_ascii=escaped)


def _literal(key: str, value: Value) -> str:
    """JavaScript and most hand-written clients: texts raw, true and false, items by commas."""
    if isinstance(value, list):
        return f"{key}={','.join(_plain(item) for item in value)}"
    return f"{key}={_plain(value)}"


def _plain(value: Value) -> str:
    return value if isinstance(value, str) else _json(value, escaped=False)


def _python(key: str, value: Value) -> str:
    """Python's str(): True and False, lists and dicts in their repr."""
    return f"{key}={value if isinstance(value, str) else _python_repr(value)}"


def _python_repr(value: Value) -> str:
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, list):
        return "[" + ", ".join(map(_python_repr, value)) + "]"
    if isinstance(value, dict):
        pairs = (f"{_python_repr(key)}: {_python_repr(item)}" for key, item in value.items())
        return "{" + ", ".join(pairs) + "}"
    return repr(value)


def _cpp(key: str, value: Value) -> str:
    """The C++ SDK: texts as JSON escapes them, list items with their quotation marks."""
    if isinstance(value, list):
        return f"{key}={','.join(_json(item, escaped=False) for item in value)}"
    if isinstance(value, str) and not isinstance(value, Number):
        return f"{key}={_json(value, escaped=False)[1:-1]}"
    return f"{key}={_json(value, escaped=False)}"


def _java(key: str, value: Value) -> str:
    """The Java SDK: of a list the items alone, without the key."""
    if isinstance(value, list):
        return ",".join(_plain(item) for item in value)
    return _literal(key, value)


FORMS: tuple[Callable[[str, Value], str], ...] = (_literal, _python, _cpp, _java)
