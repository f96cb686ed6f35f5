"""What one row of the operator's table says."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from openprime.api.services import Services
from openprime.desk.commands import Command
from openprime.errors import Refusal

PREFIX = "/admin/v1/"
PAGE_MAX = 1_000_000
PAGE_SIZE_MAX = 1000


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """The base of every action's body: camelCase on the wire, unknown names refused.

    Integers, decimals and booleans are taken as texts too. A field without a default is required.
    """


class Nothing(Asked, frozen=True):
    """The body of an action that asks for nothing more."""


class Paged(Asked, frozen=True):
    """A page of a list; pages count from 1."""

    page: int = 1
    page_size: int = 100


class Unfit(msgspec.Struct, frozen=True):
    """What an operator asked for cannot be done: 400000, and one line saying what was expected and
    what was found.
    """

    detail: str


# Takes the services and the body; returns the answer's data, a Refusal or an Unfit. Whatever it
# submits to the desk leaves a row in the audit.
Act = Callable[[Services, Any], Awaitable[Any]]


async def done(services: Services, command: Command) -> Refusal | None:
    """Submit a command whose reply is of no interest."""
    return (await services.sequencer.submit(command)).refusal


class AdminRow(msgspec.Struct, frozen=True):
    """One action of the operator. `shape` says what `data` holds; `secrets` names the members of
    the body, as on the wire, that the audit leaves out; `verb` is what the command line says where
    path and method do not say it well.
    """

    method: str
    path: str
    summary: str
    body: type[Asked]
    handler: Act
    shape: str = "{}"
    secrets: tuple[str, ...] = ()
    verb: str = ""

    @property
    def changes(self) -> bool:
        """Whether the action may change anything: then it is audited, refused or done."""
        return self.method != "GET"

    @property
    def name(self) -> str:
        """As the audit and the documents name it."""
        return f"{self.method} {self.path}"
