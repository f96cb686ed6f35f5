"""Killed at any moment, the broker keeps what it said.

A random load of several connections runs, and the broker is killed (SIGKILL) under it, fifty times
on one data folder; now and then also while it starts or rests. After each start everything that
a client was told must be there, and trading goes on. OPENPRIME_SEED sets another seed.
"""

import asyncio
import os
import re
import shutil
import signal
import subprocess
from collections import defaultdict
from concurrent.futures import Future, ThreadPoolExecutor
from decimal import Decimal
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.e2e.books import check_wallets, every, examine
from tests.e2e.command import command, openprime, wait_until
from tests.e2e.load import ORDER, Load
from tests.e2e.witness import FILL_FIELDS, Witness
from tests.served import Client, ServedBroker

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

KILLS = 50
MOMENTS = ("working", "stopping", "starting", "quiet")
WEIGHTS = (32, 8, 6, 4)
CLEAN_STOPS_AFTER = (12, 25, 38)
HEARD_MAX = 250
START_SECONDS_MAX = 1.5
STOP_SECONDS_MAX = 0.4
SEED = os.environ.get("OPENPRIME_SEED", "20240808")


@pytest.fixture
def crashing(tmp_path: Path) -> Any:
    rounds = Rounds(ServedBroker(tmp_path), tmp_path / "copy")
    yield rounds
    rounds.end()


def test_nothing_that_was_acknowledged_is_lost_in_fifty_kills(crashing: "Rounds") -> None:
    crashing.start()
    for number in count():
        if crashing.kills >= KILLS:
            break
        random = Random(f"{SEED}/{number}")
        moment = random.choices(MOMENTS, WEIGHTS)[0]
        try:
            getattr(crashing, f"kill_while_{moment}")(random, f"r{number}")
            crashing.restart()
            crashing.check()
            if number in CLEAN_STOPS_AFTER:
                crashing.stop_cleanly(random, f"s{number}")
                crashing.restart()
                crashing.check_everything()
        except BaseException as error:
            error.add_note(f"seed {SEED}, round {number} while {moment}; {crashing.told()}")
            raise
    crashing.check_everything()
    assert len(crashing.witness.orders) > 10 * KILLS
    assert len(crashing.witness.fills) > 2 * KILLS
    assert crashing.witness.refusals


class Rounds:
    """A broker on one folder, started again after each kill, and what its clients know."""

    def __init__(self, broker: ServedBroker, copy: Path) -> None:
        self.broker = broker
        self.copy = copy
        self.witness = Witness()
        self.kills = 0
        self.rest: list[dict[str, Any]] | None = None
        self._client: Client | None = None
        self._examiner = ThreadPoolExecutor(1)

    def told(self) -> str:
        orders, fills = len(self.witness.orders), len(self.witness.fills)
        return f"{self.kills} kills, {orders} orders, {fills} fills"

    @property
    def client(self) -> Client:
        if self._client is None:
            broker = self.broker
            self._client = Client(broker.rest_url, broker.access_key, broker.secret_key)
        return self._client

    def start(self) -> None:
        self.broker.start()

    def end(self) -> None:
        self._examiner.shutdown()
        self.part()
        self.broker.stop()

    def part(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None

    # -- ways to go down

    def kill_while_working(self, random: Random, name: str) -> None:
        self._load(random, name, self._kill)

    def kill_while_quiet(self, random: Random, name: str) -> None:
        """After the load has ended and all orders are cancelled: balances stand still then."""
        self._load_and_finish(random, name)
        self.client.data("DELETE", "/api/v1/trading/cancelAll")
        wait_until(lambda: not self._working_orders(), "no order at work")
        self.rest = self._wallets()
        self.broker.kill()

    def kill_while_stopping(self, random: Random, name: str) -> None:
        self._load(random, name, lambda: self._process.send_signal(signal.SIGTERM))
        try:
            # It may be through before: then it has stopped, and the kill is still to come.
            self._process.wait(random.uniform(0, STOP_SECONDS_MAX))
        except subprocess.TimeoutExpired:
            self._kill()

    def kill_while_starting(self, random: Random, name: str) -> None:
        """Killed at work, and the start after it is killed too."""
        self.kill_while_working(random, name)
        self.part()
        with subprocess.Popen(
            command("up", "--port", "0", "--data", self.broker.data),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(random.uniform(0, START_SECONDS_MAX))
            process.kill()

    def stop_cleanly(self, random: Random, name: str) -> None:
        self._load_and_finish(random, name)
        self.part()
        assert self.broker.stop() == 0, self.broker.log()

    @property
    def _process(self) -> subprocess.Popen[bytes]:
        assert self.broker.process is not None
        return self.broker.process

    def _load(self, random: Random, name: str, blow: Any) -> None:
        """Load the broker until a drawn number of frames was heard, and then strike the blow."""
        left = random.randint(1, HEARD_MAX)

        def on_heard() -> None:
            nonlocal left
            left -= 1
            if left == 0:
                blow()

        asyncio.run(Load(self.broker, self.client, self.witness, random, name, on_heard).run())

    def _load_and_finish(self, random: Random, name: str) -> None:
        def finish() -> None:
            load.finishing = True

        left = iter(range(random.randint(1, HEARD_MAX)))
        load = Load(
            self.broker,
            self.client,
            self.witness,
            random,
            name,
            lambda: None if next(left, None) is not None else finish(),
        )
        asyncio.run(load.run())

    def _kill(self) -> None:
        self.broker.kill()
        self.kills += 1

    # -- up again

    def restart(self) -> None:
        """Start on the same folder; a copy of it is examined meanwhile."""
        self.part()
        shutil.rmtree(self.copy, ignore_errors=True)
        shutil.copytree(self.broker.data, self.copy)
        examined: Future[None] = self._examiner.submit(examine, self.copy)
        self.broker.start()
        examined.result()

    # -- what must be there

    def check(self) -> None:
        """What was done since the last check, the balances, and that trading goes on."""
        for parameters in list(self.witness.unanswered.values()):
            self._place_again(parameters)
        self._check_orders()
        self._check_fills()
        self._check_balances()
        self._trade()
        self.witness.touched.clear()

    def check_everything(self) -> None:
        """Each order that was ever told of, by the lists, and none that was refused."""
        self.check()
        rows = self._working_orders() + self._all("/api/v1/trading/history/orders")
        found = {row["orderId"]: row for row in rows}
        names = {row["clientOrderId"] for row in rows}
        assert len(names) == len(found)
        assert not names & self.witness.refusals
        for order_id, known in self.witness.orders.items():
            known.check(found[order_id])

    def _place_again(self, parameters: dict[str, Any]) -> None:
        """A client that got no answer sends its order again: it is there once, old or new."""
        client_order_id = parameters["clientOrderId"]
        known = client_order_id in self.witness.ids
        found = self.client.call("GET", ORDER, clientOrderId=client_order_id)
        again = self.client.call("POST", ORDER, **parameters)
        if found["code"] == 200000:
            assert again["code"] == 401009, again
            order_id = found["data"]["orderId"]
            self.witness.placed(client_order_id, order_id)
            self.witness.see_order(found["data"])
        else:
            assert not known, client_order_id
            assert found == {"code": 401018, "message": "The order was not found", "data": {}}
            if again["code"] == 200000:
                self.witness.placed(client_order_id, again["data"]["orderId"])
            else:
                assert again["code"] in (401052, 401044), again
                self.witness.refused(client_order_id)

    def _check_orders(self) -> None:
        for order_id in sorted(self.witness.touched):
            row = self.client.data("GET", ORDER, orderId=order_id)
            self.witness.orders[order_id].check(row)
            self.witness.see_order(row)

    def _check_fills(self) -> None:
        """Every fill is told as it was, and an order's fills add up to what it has executed."""
        rows = self._all("/api/v1/trading/executions/pageable")
        found = {row["transactionId"]: {name: row[name] for name in FILL_FIELDS} for row in rows}
        assert len(found) == len(rows), "no fill is told twice"
        for transaction_id, fill in self.witness.fills.items():
            assert found.get(transaction_id) == fill
        executed: dict[str, Decimal] = defaultdict(Decimal)
        for fill in found.values():
            executed[fill["orderId"]] += Decimal(fill["quantity"])
        for order_id in self.witness.touched:
            known = self.witness.orders[order_id]
            if not known.works:
                assert executed[order_id] == known.executed, known
            else:
                assert executed[order_id] >= known.executed, known
        self.witness.fills.update(found)

    def _check_balances(self) -> None:
        """Wallets follow from the fills; after a time of rest they are exactly what was read."""
        if self.rest is not None:
            assert self._wallets() == self.rest
            self.rest = None
        check_wallets(self.client)

    def _wallets(self) -> list[dict[str, Any]]:
        """What does not move with the market."""
        names = ("exchangeType", "coin", "balance", "borrow", "overdraw", "frozen", "debt")
        rows = self._all("/api/v1/trading/portfolio/assets")
        return [{name: row[name] for name in names} for row in rows]

    def _working_orders(self) -> list[dict[str, Any]]:
        return self._all("/api/v1/trading/orders")

    def _all(self, path: str) -> list[dict[str, Any]]:
        return every(self.client, path)

    def _trade(self) -> None:
        """An order fills, one rests and is cancelled, and no change hangs from before."""
        for row in self._working_orders():
            assert row["orderState"] != "NEW", row
            assert row["action"] not in ("CANCEL_PENDING", "AMEND_PENDING"), row
        sym = "BINANCE_PERP_ETH_USDT"
        order = {"sym": sym, "side": "BUY", "orderQty": "0.05"}
        filled = self.client.data("POST", ORDER, orderType="MARKET", **order)
        row = self.client.data("GET", ORDER, orderId=filled["orderId"])
        assert (row["orderState"], row["executedQty"]) == ("FILLED", "0.05")
        marks = self.client.data("GET", "/api/v1/market/markPrice", sym=sym)
        price = Decimal(marks[0]["markPrice"]) * Decimal("0.9")
        rested = self.client.data(
            "POST", ORDER, orderType="LIMIT", limitPrice=str(price // 1), **order
        )
        cancelled = self.client.data("DELETE", ORDER, orderId=rested["orderId"])
        assert cancelled["orderState"] == "CANCELLED"


def test_a_first_start_that_is_killed_is_completed_by_the_next(tmp_path: Path) -> None:
    """Founding takes several steps; wherever it broke off, the next start goes on from there."""
    random = Random(SEED)
    data = tmp_path / "data"
    for _ in range(5):
        with subprocess.Popen(
            command("up", "--port", "0", "--data", data),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:
            database = data / "openprime.db"
            wait_until(database.exists, "a database")
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(random.uniform(0, START_SECONDS_MAX))
            process.kill()
    broker = ServedBroker(tmp_path).start()
    try:
        if not broker.secret_key:
            # The key was made, and nobody was shown its secret.
            assert broker.stop() == 0
            shown = openprime("keys", "create", "--data", data)
            assert shown.returncode == 0, shown.stderr
            pairs = dict(re.findall(r"(LTP_\w+)=(\w+)", shown.stdout))
            broker.start()
            broker.ready["access_key"] = pairs["LTP_ACCESS_KEY"]
            broker.secret_key = pairs["LTP_SECRET_KEY"]
        client = broker.client()
        rows = client.data("GET", "/api/v1/trading/portfolio/assets")["list"]
        found = {(row["exchangeType"], row["coin"]): row["balance"] for row in rows}
        assert found == {
            ("BINANCE", "USDT"): "100000",
            ("BINANCE", "BTC"): "1",
            ("OKX", "USDT"): "100000",
            ("OKX", "BTC"): "1",
        }
    finally:
        assert broker.stop() == 0, broker.log()
    examine(data)
