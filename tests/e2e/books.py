"""The books of a broker, checked from outside: by its fills, and by its folder at rest."""

from decimal import Decimal
from pathlib import Path
from typing import Any

from openprime.desk.desk import Desk
from openprime.desk.ledger import check_balanced
from openprime.desk.state import State
from openprime.server.broker import load_reference
from openprime.server.founding import FIRST_FUNDS
from openprime.store import Store, recover
from tests.served import Client

Row = dict[str, Any]

EXECUTIONS = "/api/v1/trading/executions/pageable"
ASSETS = "/api/v1/trading/portfolio/assets"
# Printed amounts are cut to eight decimals.
CUT = Decimal("0.00000001")


def every(client: Client, path: str) -> list[Row]:
    """All rows of a paged list."""
    rows: list[Row] = []
    page = 1
    while True:
        found = client.data("GET", path, page=str(page))
        rows += found["list"]
        if page >= found["pageNum"]:
            return rows
        page += 1


def check_wallets(client: Client) -> None:
    """Each wallet holds the first funds and what the fills made of them, to what is printed."""
    wallets, fills = _of_one_moment(client)
    for (exchange, coin), cash in wallets.items():
        expected = FIRST_FUNDS[coin] + flow(fills, exchange, coin)
        assert abs(cash - expected) <= CUT * (len(fills) + 3), (exchange, coin, cash, expected)


def flow(fills: list[Row], exchange: str, coin: str) -> Decimal:
    """What fills added to a wallet: two legs and a fee in SPOT, profit and fee in PERP."""
    total = Decimal(0)
    for fill in fills:
        _, business, base, quote = fill["sym"].split("_")
        if fill["exchangeType"] != exchange:
            continue
        quantity = Decimal(fill["quantity"]) * (1 if fill["side"] == "BUY" else -1)
        if business == "SPOT" and coin == base:
            total += quantity
        if coin == quote:
            total += Decimal(fill["rebate"]) - Decimal(fill["fee"])
            if business == "SPOT":
                total -= quantity * Decimal(fill["price"])
            else:
                total += Decimal(fill["rpnl"])
    return total


def _of_one_moment(client: Client) -> tuple[dict[tuple[str, str], Decimal], list[Row]]:
    """Cash by wallet, and all fills: no fill came between the two readings."""
    fills = every(client, EXECUTIONS)
    while True:
        wallets = {
            (row["exchangeType"], row["coin"]): Decimal(row["balance"])
            - Decimal(row["borrow"])
            - Decimal(row["overdraw"])
            for row in every(client, ASSETS)
        }
        before, fills = fills, every(client, EXECUTIONS)
        if len(before) == len(fills):
            return wallets, fills


def examine(folder: Path) -> None:
    """Recover a folder twice: both give the same state, and no money came or went.

    Recovery itself compares the digest of all events, batch by batch, and fails on another one.
    """
    reference = load_reference()

    def make_desk(state: State | None) -> Desk:
        return Desk(reference, state=state)

    snapshots = []
    for _ in range(2):
        store = Store.open(folder)
        try:
            desk, digest = recover(store, make_desk)
            assert digest == store.digest
        finally:
            store.close()
        assert isinstance(desk, Desk)
        check_balanced(desk.state)
        snapshots.append(desk.snapshot())
    assert snapshots[0] == snapshots[1]
