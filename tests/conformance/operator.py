"""The operator's side of the broker under test."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import httpx

from tests.conformance.answers import Json
from tests.served import ServedBroker


class Operator:
    """What the operator does, one action a method; what is undone again is a context."""

    def __init__(self, served: ServedBroker) -> None:
        self._http = httpx.Client(
            base_url=f"{served.rest_url}/admin/v1/",
            headers={"X-Admin-Token": served.ready["admin_token"]},
            timeout=30,
            trust_env=False,
            verify=False,
        )

    def close(self) -> None:
        self._http.close()

    def ask(self, method: str, path: str, **members: Any) -> Any:
        """The data of an action that must be done; `path` is what follows /admin/v1/."""
        sent: Json = {"params": members} if method == "GET" else {"json": members}
        answer = self._http.request(method, path, **sent).json()
        assert answer["code"] == 200, (path, members, answer)
        return answer["data"]

    def do(self, path: str, **members: Any) -> Any:
        return self.ask("POST", path, **members)

    # -- rules and settings

    @contextlib.contextmanager
    def rules(self, sym: str, **changes: str) -> Iterator[None]:
        """A symbol's rules, other than they are."""
        self.do("instruments/rules", sym=sym, changes=changes)
        try:
            yield
        finally:
            self.do("instruments/rules", sym=sym, changes=dict.fromkeys(changes))

    @contextlib.contextmanager
    def rules_dropped(self, sym: str) -> Iterator[None]:
        self.do("instruments/known", sym=sym, known=False)
        try:
            yield
        finally:
            self.do("instruments/known", sym=sym, known=True)

    @contextlib.contextmanager
    def setting(self, name: str, value: Any) -> Iterator[None]:
        """A setting of the desk, other than configured."""
        self.do("settings", name=name, value=value)
        try:
            yield
        finally:
            self.do("settings", name=name, value=None)

    # -- the pool of venue accounts

    @contextlib.contextmanager
    def unrouted(self, exchange: str, business: str) -> Iterator[None]:
        """A market that no group of venue accounts is for."""
        route = {"exchange": exchange, "businessType": business}
        groups = self.ask("GET", "pool")["groups"]
        (group,) = [each["name"] for each in groups if each | route == each]
        self.do("pool/routes", **route, group=None)
        try:
            yield
        finally:
            self.do("pool/routes", **route, group=group)

    @contextlib.contextmanager
    def venue_accounts(self, exchange: str, path: str, change: Json, undo: Json) -> Iterator[None]:
        """Every venue account of an exchange changed by an action of the pool."""
        rows = self.ask("GET", "pool")["accounts"]
        ids = [row["accountId"] for row in rows if row["exchange"] == exchange]
        for account_id in ids:
            self.do(f"pool/{path}", accountId=account_id, **change)
        try:
            yield
        finally:
            for account_id in ids:
                self.do(f"pool/{path}", accountId=account_id, **undo)

    # -- faults

    @contextlib.contextmanager
    def fault(
        self, kind: str, match: Json | None = None, **args: Any
    ) -> Iterator[Callable[[], bool]]:
        """A fault, for as long as it is wanted; yields whether it still stands."""
        fault_id = self.do("faults", kind=kind, match=match or {}, args=args)["faultId"]
        try:
            yield lambda: fault_id in [row["faultId"] for row in self.ask("GET", "faults")]
        finally:
            self.ask("DELETE", "faults", faultId=fault_id)

    @contextlib.contextmanager
    def forced(
        self, code: int, match: Json, placeholders: tuple[str, ...] = ()
    ) -> Iterator[Callable[[], bool]]:
        """A code forced on the next request that fits; yields whether it still waits for one."""
        with self.fault("force_code", match, code=code, placeholders=placeholders) as standing:
            yield standing
