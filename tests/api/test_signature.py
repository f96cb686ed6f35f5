"""The signature's rules, one a test (clients 11 to 21, resolutions 11 to 15)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from openprime.api.edge.decoding import read_body, read_query
from openprime.api.edge.signature import Signer, signed_by
from openprime.api.settings import EdgeSettings
from tests.api.kit import BTC, ORDER, Answer, Broker, base_order, refuses, sign

ORDERS = "/api/v1/trading/orders"
SYMBOLS = "/api/v1/trading/sym/info"
FOUND = 401018  # the code of a cancel that passed everything but the look-up
UNKNOWN_ID = "1000000000000000"
EDGE = EdgeSettings()


def test_signer_agrees_with_the_standard_library() -> None:
    for secret in ("", "short", "x" * 64, "x" * 65, "clé"):
        assert Signer(secret).sign(b"message") == sign("message", secret).encode()


def cancel(broker: Broker, body: str, signed: str, query: str = "") -> Answer:
    """A cancel with this very body and signed text."""
    headers = broker.headers(f"{signed}&{broker.nonce}")
    return broker.send("DELETE", ORDER, headers, query, body.encode())


def get(broker: Broker, path: str, query: str, signed: str) -> Answer:
    return broker.send("GET", path, broker.headers(signed), query)


def test_keys_are_sorted_whatever_their_order_and_spacing(broker: Broker) -> None:
    body = f'{{ "sym" : "{BTC}",\n "orderId":"{UNKNOWN_ID}" }}'
    refuses(cancel(broker, body, f"orderId={UNKNOWN_ID}&sym={BTC}"), FOUND)
    refuses(cancel(broker, body, f"sym={BTC}&orderId={UNKNOWN_ID}"), 2000)


def test_no_parameters_sign_ampersand_and_nonce(broker: Broker) -> None:
    for body in ("", "{}", "{ }", '{"sym":null}'):
        refuses(cancel(broker, body, ""), 401008)


def test_bare_nonce_is_refused(broker: Broker) -> None:
    refuses(get(broker, ORDERS, "", broker.nonce), 2000)


def test_nonce_without_ampersand_after_parameters_is_refused(broker: Broker) -> None:
    refuses(get(broker, SYMBOLS, f"sym={BTC}", f"sym={BTC}{broker.nonce}"), 2000)


def test_query_is_percent_decoded_before_it_is_signed(broker: Broker) -> None:
    answer = get(
        broker, ORDER, "clientOrderId=a%2Fb+c%C3%A9", f"clientOrderId=a/b cé&{broker.nonce}"
    )
    refuses(answer, FOUND)


def test_query_that_is_not_encoded_at_all(broker: Broker) -> None:
    answer = get(broker, ORDER, "clientOrderId=a,b", f"clientOrderId=a,b&{broker.nonce}")
    refuses(answer, FOUND)


@pytest.mark.parametrize("query", ["?{}", "&{}", "{}", ""])
def test_nonce_as_a_key_without_value_is_no_parameter(broker: Broker, query: str) -> None:
    text = query.removeprefix("?").format(broker.nonce)
    assert get(broker, ORDERS, text, f"&{broker.nonce}").data["list"] == []


def test_nonce_as_a_key_after_parameters(broker: Broker) -> None:
    query = f"sym={BTC}&{broker.nonce}"
    assert get(broker, SYMBOLS, query, f"sym={BTC}&{broker.nonce}").data.keys() == {BTC}


def test_other_keys_without_value_are_signed_as_empty(broker: Broker) -> None:
    assert get(broker, ORDERS, "foo", f"foo=&{broker.nonce}").data["list"] == []


def test_delete_may_carry_its_parameters_in_the_query(broker: Broker) -> None:
    refuses(cancel(broker, "", f"orderId={UNKNOWN_ID}", f"orderId={UNKNOWN_ID}"), FOUND)
    refuses(cancel(broker, "{}", f"orderId={UNKNOWN_ID}", f"orderId={UNKNOWN_ID}"), FOUND)


def test_body_is_what_is_signed_where_both_speak_and_its_values_win(broker: Broker) -> None:
    body = f'{{"orderId":"{UNKNOWN_ID}"}}'
    refuses(cancel(broker, body, f"orderId={UNKNOWN_ID}", "orderId=1&sym=x"), FOUND)
    refuses(cancel(broker, body, "orderId=1&sym=x", "orderId=1&sym=x"), 2000)


def test_query_adds_to_the_body(broker: Broker) -> None:
    refuses(cancel(broker, '{"sym":"x"}', "sym=x", f"orderId={UNKNOWN_ID}"), FOUND)


@pytest.mark.parametrize("literal", ["0.10", "1.0", "1e-05", "-0", "12345678901234567890", "1E+2"])
def test_numbers_keep_their_literal_text(broker: Broker, literal: str) -> None:
    refuses(cancel(broker, f'{{"foo":{literal}}}', f"foo={literal}"), 401008)


def test_number_in_another_form_is_another_text(broker: Broker) -> None:
    refuses(cancel(broker, '{"foo":0.10}', "foo=0.1"), 2000)


@pytest.mark.parametrize("text", ["true", "True"])
def test_booleans_sign_in_either_form(broker: Broker, text: str) -> None:
    refuses(cancel(broker, '{"foo":true}', f"foo={text}"), 401008)


@pytest.mark.parametrize(
    "text",
    ["foo=a,b", "foo=['a', 'b']", 'foo="a","b"', "a,b"],
    ids=["javascript", "python", "c++", "java"],
)
def test_arrays_sign_as_each_client_writes_them(broker: Broker, text: str) -> None:
    refuses(cancel(broker, '{"foo":["a","b"]}', text), 401008)


@pytest.mark.parametrize("text", ['foo={"a":1.50}', "foo={'a': 1.50}"])
def test_objects_sign_as_json_or_repr(broker: Broker, text: str) -> None:
    refuses(cancel(broker, '{"foo":{"a":1.50}}', text), 401008)


def test_text_with_escapes_signs_raw_or_as_json_writes_it(broker: Broker) -> None:
    for text in ('foo=say "x"', 'foo=say \\"x\\"'):
        refuses(cancel(broker, '{"foo":"say \\"x\\""}', text), 401008)


def test_escaped_letters_sign_decoded(broker: Broker) -> None:
    refuses(cancel(broker, '{"foo":"\\u00e9"}', "foo=é"), 401008)


def test_null_is_dropped_and_empty_text_is_signed_but_absent(broker: Broker) -> None:
    body = '{"foo":null,"orderId":"","clientOrderId":""}'
    refuses(cancel(broker, body, "clientOrderId=&orderId="), 401008)
    refuses(cancel(broker, body, ""), 2000)


def test_unknown_parameters_are_signed_and_ignored(broker: Broker) -> None:
    body = json.dumps({"orderId": UNKNOWN_ID, "symbol": "x", "zeta": "1"})
    refuses(cancel(broker, body, f"orderId={UNKNOWN_ID}&symbol=x&zeta=1"), FOUND)


def test_signature_may_be_upper_case(broker: Broker) -> None:
    headers = broker.headers(f"&{broker.nonce}")
    headers["signature"] = headers["signature"].upper()
    assert broker.send("GET", ORDERS, headers).status == 200
    assert broker.send("GET", ORDERS, headers).json["code"] == 200000


@pytest.mark.parametrize("signature", ["", "0", "é" * 64, "0" * 64, "0" * 65])
def test_wrong_signature(broker: Broker, signature: str) -> None:
    headers = broker.headers(f"&{broker.nonce}", signature=signature)
    refuses(broker.send("GET", ORDERS, headers), 2000)


UNFIT: list[tuple[str, str]] = [
    ("{", ""),
    ("[]", ""),
    ("null", ""),
    ("7", ""),
    ('"text"', ""),
    ('{"a":NaN}', ""),
    ('{"a":"1"} x', ""),
    ("\ufeff{}", ""),
    ('{"a":"1","a":"2"}', "a=2"),
    ('{"a":"1","a":"2"}', "a=1"),
    ('{"a":"1","a":"2"}', "a=1&a=2"),
    ('{"a":"\\u0000"}', "a=\0"),
    ('{"a":{"b":{"c":{"d":{}}}}}', ""),
    ('{"a":{"b":1,"b":2}}', ""),
    ("[" * 5000 + "]" * 5000, ""),
    (json.dumps({f"k{n:03}": "v" for n in range(101)}), ""),
    (json.dumps({"a": "x" * 4097}), "a=" + "x" * 4097),
]


@pytest.mark.parametrize(("body", "signed"), UNFIT)
def test_unfit_body_is_400000_once_the_signature_is_right(
    broker: Broker, body: str, signed: str
) -> None:
    refuses(cancel(broker, body, signed), 400000)
    refuses(cancel(broker, body, "other=1"), 2000)


@pytest.mark.parametrize(("values", "signed"), [(499, True), (501, False)])
def test_a_body_of_too_many_values_is_not_read(broker: Broker, values: int, signed: bool) -> None:
    """To read it and sign it in every form takes long, and anybody may send it."""
    body = json.dumps({"a": ["1"] * values})
    listed = "a=" + ",".join(["1"] * values)
    refuses(cancel(broker, body, listed), 401008 if signed else 2000)
    refuses(cancel(broker, body, ""), 2000 if signed else 400000)


def test_lone_surrogate_is_unfit(broker: Broker) -> None:
    refuses(cancel(broker, '{"a":"\\ud800"}', ""), 400000)


def test_bytes_that_are_no_text_are_unfit(broker: Broker) -> None:
    headers = broker.headers(f"&{broker.nonce}")
    refuses(broker.send("DELETE", ORDER, headers, body=b'{"a":"\xff"}'), 400000)


@pytest.mark.parametrize(
    ("query", "signed"),
    [("a=1&a=2", "a=2"), ("a=%00", "a=\0"), ("a=%ff", ""), ("a=" + "x" * 4097, "a=" + "x" * 4097)],
)
def test_unfit_query_is_400000(broker: Broker, query: str, signed: str) -> None:
    refuses(get(broker, ORDERS, query, f"{signed}&{broker.nonce}"), 400000)


def test_bounds_themselves_are_allowed(broker: Broker) -> None:
    fields = {f"k{n:02}": "v" for n in range(99)} | {"long": "x" * 4096}
    refuses(cancel(broker, json.dumps(fields), text_of(fields)), 401008)
    deep = '{"a":{"b":{"c":{}}}}'
    refuses(cancel(broker, deep, 'a={"b":{"c":{}}}'), 401008)


def text_of(fields: dict[str, str]) -> str:
    return "&".join(f"{key}={fields[key]}" for key in sorted(fields))


@pytest.mark.parametrize("read", [lambda text: read_body(text, EDGE)])
def test_fast_and_slow_reading_agree(read: Callable[[bytes], Any]) -> None:
    """A space before the colon changes nothing, an escape takes the slow way to the same values."""
    plain = read(b'{"sym":"BTC","side":"BUY"}')
    escaped = read(b'{"sym":"\\u0042TC","side":"BUY"}')
    assert plain.values == escaped.values == {"sym": "BTC", "side": "BUY"}
    assert plain.plain
    assert not escaped.plain


def test_text_that_holds_separators_does_not_pass_for_two_parameters() -> None:
    signer = Signer("secret")
    decoded = read_query(b"a=1%26b%3D2", "5", EDGE)
    assert decoded.values == {"a": "1&b=2"}
    assert signed_by(signer, decoded, "5", signer.sign(b"a=1&b=2&5"))


def test_place_with_json_numbers_and_booleans(broker: Broker) -> None:
    body = json.dumps(base_order(orderQty=0.01, limitPrice=60000, reduceOnly=False))
    text = (
        f"limitPrice=60000&orderQty=0.01&orderType=LIMIT&reduceOnly=false&side=BUY&sym={BTC}"
        f"&timeInForce=GTC&{broker.nonce}"
    )
    answer = broker.send("POST", ORDER, broker.headers(text), body=body.encode())
    assert answer.json["code"] == 200000
