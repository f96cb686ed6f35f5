"""A socket and the operator's faults: what a code can be forced on, and what is found before it;
and what befalls an open connection.
"""

from collections.abc import Mapping
from typing import Any

from openprime.api.edge.auth import AUTH_CODES, Caller
from openprime.api.faults import FaultBoard, Station, Told
from openprime.api.sockets.link import Links
from openprime.desk.switches import FaultKind
from openprime.errors import Refusal

# What can be found of a frame, and of a login, in the order of the checks (errors 4).
_FRAME_CODES = (
    *(601014, 601001, 11103, 601008, 601011, 601004),
    *(601013, 11260, 601005, 11101, 601006, 11102, 601002, 601003, 11100, 11250),
    *(11240, 601015, 11210, 11220, 11112),
)
_LOGIN_CODES = (
    *(601008, 601012, 601007, 11106, 2001, 601016, 11108, 601009, 11107, 60009, 10001),
    *(code for code in AUTH_CODES if code != 2001),
)


class SocketFaults:
    """The faults as one socket meets them; `path` is the socket's."""

    def __init__(self, board: FaultBoard, path: str) -> None:
        self._board = board
        self._path = path

    @property
    def armed(self) -> bool:
        return self._board.armed

    def on_connect(self) -> Refusal | None:
        """What is forced on a connection."""
        if not self._board.armed:
            return None
        return self._board.take((Station.CONNECT,), Told("", 0, "", self._path))

    def meet(self, links: Links) -> None:
        """Let open connections meet the faults that end or stall them."""
        for link in links:
            caller, known = link.caller, link.faults_met
            key = caller.key.access_key if caller else ""
            portfolio_id = caller.portfolio.portfolio_id if caller else 0
            told = Told(key, portfolio_id, "", self._path)
            if self._board.strike_once(FaultKind.SOCKET_DROP, told, known):
                link.drop()
            elif stall := self._board.strike_once(FaultKind.SOCKET_STALL, told, known):
                link.stall(stall.fault.latency_ms / 1000)

    def on_frame(
        self, caller: Caller | None, subscribes: bool, found: Refusal | None
    ) -> Refusal | None:
        """What is forced on a frame, of which `found` was found."""
        stations = (Station.FRAME, Station.SUBSCRIBE) if subscribes else (Station.FRAME,)
        key = caller.key.access_key if caller else ""
        portfolio_id = caller.portfolio.portfolio_id if caller else 0
        told = Told(key, portfolio_id, "", self._path)
        return self._board.take(stations, told, found, _FRAME_CODES)

    def on_login(self, arguments: Mapping[str, Any], caller: Caller | Refusal) -> Caller | Refusal:
        """Who logs in, or what is forced on the login."""
        if not self._board.armed:
            return caller
        portfolio_id = 0 if isinstance(caller, Refusal) else caller.portfolio.portfolio_id
        told = Told(str(arguments.get("apiKey") or ""), portfolio_id, "", self._path)
        stations = (Station.LOGIN, Station.AUTH)
        return self._board.take(stations, told, caller, _LOGIN_CODES) or caller
