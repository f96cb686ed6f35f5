"""Reading captures: what a line becomes, and what is said of a file that cannot be read."""

import gzip
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from openprime.market.capture import Capture
from openprime.market.capture_lines import BestMessage, DepthMessage, Message, SnapshotMessage
from openprime.market.events import MarketTrade
from openprime.market.recording import RecordingError
from tests.market.capture_kit import (
    PERP,
    SPOT,
    line,
    perp_depth,
    recording,
    snapshot,
    spot_depth,
    ticker,
    trade,
    write,
)
from tests.recordings import reference


def messages(sym: str, *paths: Path, with_best: bool = False) -> list[Message]:
    return list(Capture(paths, reference().instruments[sym]).messages(with_best=with_best))


def error_text(sym: str, path: Path) -> str:
    with pytest.raises(RecordingError) as caught:
        recording(sym, path)
    return str(caught.value)


def test_prices_and_quantities_become_ticks_and_lots(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.gz",
        snapshot(7, [("61800.20000000", "2.90900000")], [("61800.3", "1")]),
        spot_depth(8, 9, 1_000, [("61800.21", "0.00000000")]),
        trade(5, 1_001, "61800.20000000", "0.02000000"),
    )
    assert messages(SPOT, path) == [
        SnapshotMessage(7, 0, [(6_180_020, 290_900)], [(6_180_030, 100_000)]),
        DepthMessage(8, 9, None, 1_000, [(6_180_021, 0)], []),
        MarketTrade(SPOT, 1_001, 5, 6_180_020, 2_000, True),
    ]


def test_futures_messages_carry_the_time_of_the_trade_engine(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.gz",
        snapshot(7, [("61800.20", "2.909")], [], time_ms=900),
        perp_depth(6, 9, 5, 1_000, asks=[("61800.30", "0.001")]),
    )
    assert messages(PERP, path) == [
        SnapshotMessage(7, 900, [(618_002, 2_909)], []),
        DepthMessage(6, 9, 5, 1_000, [], [(618_003, 1)]),
    ]


def test_futures_trades_off_the_book_are_dropped(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.gz",
        trade(1, 1_000, kind="MARKET"),
        trade(2, 1_000, kind="INSURANCE_FUND"),
        trade(3, 1_000, kind="ADL"),
    )
    assert [message.trade_id for message in messages(PERP, path)] == [1]  # type: ignore[union-attr]


def test_quantities_are_cut_to_whole_lots_and_dust_is_nothing(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.gz",
        snapshot(7, [("100.00", "25.42618900"), ("99.00", "0.00000900")], []),
        trade(1, 1_000, quantity="0.00000900"),
    )
    assert messages(SPOT, path) == [SnapshotMessage(7, 0, [(10_000, 2_542_618), (9_900, 0)], [])]


def test_book_ticker_is_read_on_request_only(tmp_path: Path) -> None:
    path = write(tmp_path / "a.gz", ticker(4))
    assert messages(SPOT, path) == []
    assert messages(SPOT, path, with_best=True) == [
        BestMessage(4, (9_900, 100_000), (10_100, 100_000))
    ]


def test_other_streams_and_other_spacing_are_read_over(tmp_path: Path) -> None:
    mark = {"stream": "btcusdt@markPrice", "data": {"p": "1"}}
    spaced = trade(5, 1_000).replace('":', '": ')
    path = write(tmp_path / "a.gz", line(mark), spaced, ticker(1).replace('":', '": '))
    found = messages(SPOT, path)
    assert found[0] == MarketTrade(SPOT, 1_000, 5, 10_000, 100_000, True)
    assert [type(message) for message in found[1:]] == [BestMessage]
    assert len(messages(SPOT, path, with_best=True)) == 2


def test_a_last_line_without_its_end_is_a_line(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(trade(5, 1_000).encode()))
    assert len(messages(SPOT, path)) == 1


def test_a_margin_symbol_reads_the_spot_recording(tmp_path: Path) -> None:
    path = write(tmp_path / "a.gz", trade(5, 1_000))
    assert [m.sym for m in messages("BINANCE_MARGIN_BTC_USDT", path)] == [SPOT]  # type: ignore[union-attr]


def test_a_missing_file(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    assert error_text(SPOT, path) == f"{path}: expected a gzip file, found no file"


def test_a_folder(tmp_path: Path) -> None:
    assert error_text(SPOT, tmp_path) == (
        f"{tmp_path}: expected a readable file, found: Is a directory"
    )


def test_a_file_that_is_not_gzip(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    path.write_text("hello")
    assert error_text(SPOT, path) == f"{path}: expected a gzip file, found another kind of file"


def test_a_file_that_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    whole = gzip.compress("\n".join(trade(n, 1_000 + n) for n in range(9_000)).encode())
    path.write_bytes(whole[: len(whole) // 2])
    text = error_text(SPOT, path)
    assert text.startswith(f"{path}, after line ")
    assert text.endswith(": expected gzip data to the file's end, found it cut off")


def test_a_file_that_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    whole = bytearray(gzip.compress(trade(1, 1_000).encode()))
    whole[-6] ^= 0xFF  # in the checksum
    path.write_bytes(whole)
    assert error_text(SPOT, path) == (
        f"{path}, after line 0: expected gzip data to the file's end, found it damaged"
    )


def test_no_snapshot(tmp_path: Path) -> None:
    path = write(tmp_path / "a.gz", spot_depth(8, 9, 1_000), trade(1, 1_000))
    assert error_text(SPOT, path) == (
        f"{path}: expected a depth snapshot (lastUpdateId), found none"
    )


def test_an_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(b""))
    assert error_text(SPOT, path) == (
        f"{path}: expected a depth snapshot (lastUpdateId), found none"
    )


def test_broken_json(tmp_path: Path) -> None:
    path = write(tmp_path / "a.gz", trade(1, 1_000), trade(2, 1_000)[:-9])
    assert error_text(SPOT, path) == (
        f"{path}, line 2: expected a message of Binance's public streams, "
        "found input data was truncated"
    )


def test_a_field_that_is_missing(tmp_path: Path) -> None:
    path = write(tmp_path / "a.gz", trade(1, 1_000).replace('"t":1,', ""))
    assert error_text(SPOT, path) == (
        f"{path}, line 1: expected a message of Binance's public streams, "
        "found object missing required field `t` - at `$.data`"
    )


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(trade(1, 1_000).encode().replace(b"100.00", b"\xff\xfe")))
    text = error_text(SPOT, path)
    assert text.startswith(f"{path}, line 1: expected a message of Binance's public streams, ")


def test_a_line_without_a_time(tmp_path: Path) -> None:
    path = write(tmp_path / "a.gz", '{"a":1, "b":2}')
    assert error_text(SPOT, path) == (
        f'{path}, line 1: expected <receive time in ns> <JSON>, found \'{{"a":1, "b":2}}\''
    )


def test_an_object_of_another_kind(tmp_path: Path) -> None:
    path = write(tmp_path / "a.gz", line({"result": None}))
    assert error_text(SPOT, path) == (
        f'{path}, line 1: expected an object with "stream" or "lastUpdateId", '
        "found '{\"result\":null}'"
    )


def test_a_price_off_the_tick(tmp_path: Path) -> None:
    path = write(tmp_path / "a.gz", snapshot(1, [], []), trade(1, 1_000, "61800.25"))
    assert error_text(PERP, path) == (
        f'{path}, line 2: expected a price in ticks of 0.1, found "61800.25"'
    )


@pytest.mark.parametrize("quantity", ["-1", "much", "NaN", "Infinity", ""])
def test_a_quantity_that_is_none(tmp_path: Path, quantity: str) -> None:
    path = write(tmp_path / "a.gz", snapshot(1, [("100.0", quantity)], []))
    assert error_text(PERP, path) == f'{path}, line 1: expected a quantity, found "{quantity}"'


def test_another_symbol(tmp_path: Path) -> None:
    path = write(tmp_path / "a.gz", trade(1, 1_000))
    assert error_text("BINANCE_SPOT_ETH_USDT", path) == (
        f'{path}, line 1: expected streams of ETHUSDT, found "btcusdt@trade"'
    )


def test_another_symbol_in_the_message(tmp_path: Path) -> None:
    path = write(tmp_path / "a.gz", trade(1, 1_000).replace("BTCUSDT", "ETHUSDT"))
    assert error_text(SPOT, path) == (
        f'{path}, line 1: expected messages of BTCUSDT, found "ETHUSDT"'
    )


def test_a_spot_recording_for_a_perpetual(tmp_path: Path) -> None:
    path = write(tmp_path / "a.gz", snapshot(1, [], []), spot_depth(2, 3, 1_000))
    assert error_text(PERP, path) == (
        f"{path}, line 2: expected a futures depth message with pu, found one without (spot)"
    )


def test_a_message_laid_out_otherwise_is_read_the_slow_way(tmp_path: Path) -> None:
    usual = spot_depth(8, 9, 1_000, [("61800.00", "2.00000")], [("61900.00", "3.00000")])
    first = usual.replace('","2', '", "2')
    second = usual.replace('"b":[["61800.00","2.00000"]],', "").replace(
        '"a":', '"a":[["61900.00","3.00000"]],"b":', 1
    )
    second = second.replace('"b":[["61900.00","3.00000"]]', '"b":[["61800.00","2.00000"]]')
    third = usual.replace('"s":"BTCUSDT"', '"s":"BTCUSDT","ps":"BTCUSDT"')
    path = write(tmp_path / "a.gz", usual, first, second, third)
    expected = DepthMessage(8, 9, None, 1_000, [(6_180_000, 200_000)], [(6_190_000, 300_000)])
    assert messages(SPOT, path) == [expected] * 4


def test_steps_that_are_no_power_of_ten(tmp_path: Path) -> None:
    rules = msgspec.structs.replace(
        reference().instruments[SPOT], tick_size=Decimal("0.5"), lot_size=Decimal(5)
    )
    path = write(tmp_path / "a.gz", spot_depth(8, 9, 1_000, [("100.50", "14.0")]))
    (message,) = Capture([path], rules).messages()
    assert message == DepthMessage(8, 9, None, 1_000, [(201, 2)], [])
