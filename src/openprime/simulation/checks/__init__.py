"""What must hold: one small function a promise, in two tables.

A check looks at the scene and says what it found wrong, or nothing. EACH_STEP are of the books
alone and hold at every moment; AT_REST hold when nothing is under way, and may ask the API.
"""

from openprime.simulation.checks import answers, books, names, pages, pictures
from openprime.simulation.checks.scene import Check, Scene

EACH_STEP: dict[str, Check] = {
    "money sums to zero": books.money_sums_to_zero,
    "working orders are counted": books.orders_are_counted,
    "reserves match orders": books.reserves_match_orders,
    "reduce-only orders have room": books.reduce_only_orders_have_room,
}
AT_REST: dict[str, Check] = {
    "transfers hold back what they move": books.transfers_match_reserves,
    "sums equal a recomputation": books.sums_equal_recomputation,
    "sums equal the slow model": books.sums_equal_slow_model,
    "a replay gives the same books": books.replay_gives_same_books,
    "fills make up orders": names.fills_make_up_orders,
    "fills are the venue's": names.fills_are_the_venues,
    "the venue knows the fills": names.venue_knows_the_fills,
    "a name acts once": names.names_act_once,
    "what was acknowledged is there": names.acknowledged_is_there,
    "what was refused is not there": names.refused_is_not_there,
    "what was shown is there": names.shown_is_there,
    "what ended stays ended": names.ended_stays_ended,
    "rest answers what the books hold": answers.orders_answer_as_kept,
    "frames are answered": pictures.frames_are_answered,
    "pushes make up the same picture": pictures.pushes_equal_answers,
    "pages cover a history": pages.pages_cover_history,
}

__all__ = ["AT_REST", "EACH_STEP", "Check", "Scene"]
