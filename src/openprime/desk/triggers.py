"""Who waits for which price. A tick costs what it sets off: each list is sorted by what fires next.

A trigger is waited for from below (it fires at or above its price) or from above. A take profit of
a position that is sold is waited for from below, its stop loss from above, and the other way round
for one that is bought back; a single condition from the side on which the price stood when it was
placed.
"""

from bisect import bisect_left, insort
from decimal import Decimal

from openprime.desk.algo_state import AlgoOrder, Armed, Trigger, Watch
from openprime.desk.state import State
from openprime.desk.turn import Turn
from openprime.model.numbers import ZERO
from openprime.model.vocabulary import SELL, TriggerLeg, WatchedPrice


def watch_key(watched: WatchedPrice, sym: str) -> str:
    return f"{watched}:{sym}"


def price_of(turn: Turn, sym: str) -> Decimal:
    """The mark price of a PERP, the index price of what another symbol trades; 0 while unknown."""
    mark = turn.state.marks.get(sym)
    return mark or turn.index_price(turn.reference.instruments[sym].base) or ZERO


def waits_from_below(turn: Turn, algo: AlgoOrder, leg: TriggerLeg, trigger: Trigger) -> bool:
    if leg is TriggerLeg.CONDITIONAL:
        return trigger.price >= price_of(turn, algo.sym)
    return (leg is TriggerLeg.TAKE_PROFIT) is (algo.side is SELL)


def arm(turn: Turn, algo: AlgoOrder) -> None:
    """Wait for all triggers of an algo order."""
    for leg, trigger in algo.triggers.items():
        key = watch_key(trigger.watched, algo.sym)
        watch = turn.state.watches.get(key)
        if watch is None:
            watch = turn.state.watches[key] = Watch()
        if waits_from_below(turn, algo, leg, trigger):
            insort(watch.rising, Armed(trigger.price, algo.algo_order_id, leg))
        else:
            insort(watch.falling, Armed(-trigger.price, algo.algo_order_id, leg))


def disarm(turn: Turn, algo: AlgoOrder) -> None:
    """Wait for none of its triggers any more."""
    for leg, trigger in algo.triggers.items():
        key = watch_key(trigger.watched, algo.sym)
        watch = turn.state.watches.get(key)
        if watch is None:
            continue
        _remove(watch.rising, Armed(trigger.price, algo.algo_order_id, leg))
        _remove(watch.falling, Armed(-trigger.price, algo.algo_order_id, leg))
        if not watch.rising and not watch.falling:
            del turn.state.watches[key]


def _remove(armed: list[Armed], wanted: Armed) -> None:
    place = bisect_left(armed, wanted)
    if place < len(armed) and armed[place] == wanted:
        del armed[place]


def reached(
    turn: Turn, watched: WatchedPrice, sym: str, low: Decimal, high: Decimal
) -> list[tuple[AlgoOrder, TriggerLeg]]:
    """What fires where a price was between `low` and `high`: the nearest first, those waited for
    from below before the others. Each algo order fires by one trigger only.
    """
    watch = turn.state.watches.get(watch_key(watched, sym))
    if watch is None:
        return []
    armed = [one for one in watch.rising if one.key <= high] if _first(watch.rising, high) else []
    if _first(watch.falling, -low):
        armed += [one for one in watch.falling if one.key <= -low]
    algos = turn.state.algos
    legs = {one.algo_order_id: one.leg for one in reversed(armed)}
    return [(algos[one], legs[one]) for one in dict.fromkeys(a.algo_order_id for a in armed)]


def _first(armed: list[Armed], bound: Decimal) -> bool:
    return bool(armed) and armed[0].key <= bound


def symbols_followed(state: State) -> list[str]:
    """The symbols whose trades the desk must hear of."""
    prefix = watch_key(WatchedPrice.LAST_PRICE, "")
    waited = [key.removeprefix(prefix) for key in state.watches if key.startswith(prefix)]
    return list(dict.fromkeys([*waited, *state.volumes]))
