"""What an account has in a symbol: made with its first order, and kept."""

from openprime.desk.ledger import wallet_of
from openprime.desk.state import Account, Exposure
from openprime.desk.turn import Turn, hold
from openprime.model.instrument import Instrument


def exposure_of(turn: Turn, account: Account, instrument: Instrument, leg: str) -> Exposure:
    """The account's exposure in a symbol or one leg of it. A PERP one comes with the wallet that
    its margin, profit and loss are counted in, though nothing of the coin may ever have come.
    """
    exposure = account.exposures.get(leg)
    if exposure is None:
        exposure = Exposure(
            sym=instrument.sym,
            is_perp=instrument.is_perp,
            leverage=max(turn.leverage(account, instrument), 1),
        )
        account.exposures[leg] = exposure
        if instrument.is_perp:
            wallet_of(turn, account, instrument.quote)
            hold(turn.state, instrument.sym, account)
            account.stale_syms[leg] = None
    return exposure
