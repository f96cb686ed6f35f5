"""What the house holds of a symbol: added up, set off, and bounded."""

from decimal import Decimal as D

from openprime.desk.house_book import beyond_limit, hold_in_house
from openprime.desk.ledger import BROKER, check_balanced
from openprime.desk.liquidation_state import HousePosition
from openprime.desk.settings import DeskSettings
from tests.desk.kit import BTC_PERP, DeskKit


def held(kit: DeskKit, *taken: tuple[object, object]) -> HousePosition:
    """What the house holds after it took so much at such prices, one after the other."""
    instrument = kit.desk.reference.instruments[BTC_PERP]
    for quantity, price in taken:
        hold_in_house(kit.desk.turn, instrument, D(str(quantity)), D(str(price)))
        check_balanced(kit.desk.state)
    return kit.desk.state.house_positions[BTC_PERP]


def profit(kit: DeskKit) -> D:
    return kit.desk.state.house.get(BROKER, {}).get("USDT", D(0))


def test_the_same_side_is_averaged() -> None:
    kit = DeskKit()
    position = held(kit, (1, 60000), (3, 64000))
    assert (position.quantity, position.average_price) == (4, 63000)
    assert profit(kit) == 0


def test_the_other_side_is_set_off_and_the_broker_bears_what_it_brings() -> None:
    kit = DeskKit()
    position = held(kit, (2, 60000), (-0.5, 62000))
    assert (position.quantity, position.average_price) == (D("1.5"), 60000)
    assert profit(kit) == 1000
    held(kit, (-1.5, 59000))
    assert position.quantity == 0
    assert profit(kit) == -500


def test_more_of_the_other_side_turns_it() -> None:
    kit = DeskKit()
    position = held(kit, (-1, 60000), (3, 58000))
    assert (position.quantity, position.average_price) == (2, 58000)
    assert profit(kit) == 2000


def test_so_much_and_no_more() -> None:
    kit = DeskKit(DeskSettings(house_max_notional=D(90_000)))
    kit.cash("USDT", 100_000)
    kit.mark(BTC_PERP, 60000)
    instrument = kit.desk.reference.instruments[BTC_PERP]
    position = kit.hold(BTC_PERP, 2, 60000)
    assert beyond_limit(kit.desk.turn, instrument, position) == D("0.5")
    held(kit, (-1, 60000))
    assert beyond_limit(kit.desk.turn, instrument, position) == 0
    held(kit, (3, 60000))
    assert beyond_limit(kit.desk.turn, instrument, position) == 2


def test_without_a_mark_nothing_is_measured() -> None:
    kit = DeskKit()
    instrument = kit.desk.reference.instruments[BTC_PERP]
    position = kit.hold(BTC_PERP, 2, 60000)
    assert beyond_limit(kit.desk.turn, instrument, position) == 0
