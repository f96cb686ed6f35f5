"""The rebuilt books against the recorded bookTicker, which is independent of the depth stream.

After each applied depth message with update id u, best bid and ask equal those of the last
bookTicker whose id is at most u, and where the ids are equal the quantities too.
"""

from bisect import bisect_right

import pytest

from openprime.market.book import Book
from openprime.market.capture import Capture
from openprime.market.capture_lines import BestMessage
from openprime.market.events import DepthChange, DepthSnapshot
from openprime.market.recording import Recording
from tests.recordings import recording, reference

# Of these, so many have a bookTicker of the very same id, whose quantities are compared.
SAME_ID = {
    "BINANCE_PERP_BTC_USDT": 629,
    "BINANCE_PERP_ETH_USDT": 551,
    "BINANCE_SPOT_BTC_USDT": 564,
}
DEPTH_MESSAGES = {
    "BINANCE_PERP_BTC_USDT": 6_547,
    "BINANCE_PERP_ETH_USDT": 6_581,
    "BINANCE_SPOT_BTC_USDT": 3_449,
}


def best_messages(sym: str) -> list[BestMessage]:
    capture = Capture([recording(sym)], reference().instruments[sym])
    messages = capture.messages(with_best=True)
    found = [message for message in messages if isinstance(message, BestMessage)]
    return sorted(found, key=lambda message: message.update_id)


@pytest.mark.parametrize("sym", sorted(DEPTH_MESSAGES))
def test_every_depth_message_agrees_with_book_ticker(sym: str) -> None:
    recorded_best = best_messages(sym)
    ids = [message.update_id for message in recorded_best]
    book = Book(sym)
    depth_messages = prices_compared = quantities_compared = 0
    for event in Recording([recording(sym)], reference().instruments[sym]).events():
        if isinstance(event, DepthSnapshot):
            book.apply_snapshot(event)
        elif isinstance(event, DepthChange):
            book.apply_change(event)
            depth_messages += 1
            position = bisect_right(ids, event.update_id)
            assert position, f"no bookTicker before update {event.update_id}"
            expected = recorded_best[position - 1]
            bid, ask = book.best_bid(), book.best_ask()
            assert bid is not None
            assert ask is not None
            assert (bid[0], ask[0]) == (expected.bid[0], expected.ask[0]), event.update_id
            prices_compared += 1
            if expected.update_id == event.update_id:
                assert (bid, ask) == (expected.bid, expected.ask), event.update_id
                quantities_compared += 1
    assert depth_messages == prices_compared == DEPTH_MESSAGES[sym]
    assert quantities_compared == SAME_ID[sym]


@pytest.mark.parametrize("sym", sorted(DEPTH_MESSAGES))
def test_the_recordings_have_no_gap_and_begin_with_a_snapshot(sym: str) -> None:
    played = Recording([recording(sym)], reference().instruments[sym])
    assert played.gaps == 0
    events = list(played.events())
    assert isinstance(events[0], DepthSnapshot)
    times = [event.time_ms for event in events]
    assert times == sorted(times)
    assert (played.first_ms, played.last_ms) == (times[0], times[-1])
    assert not any(isinstance(event, DepthSnapshot) for event in events[1:])
