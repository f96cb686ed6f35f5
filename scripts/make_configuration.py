"""Makes the tables of docs/configuration.md from the command line and the settings' own Structs.

    python scripts/make_configuration.py

Only what stands between the page's markers is replaced; a test holds the page to the code. What a
setting means is written here, once a setting: one that has no meaning yet, and a meaning that has
no setting any more, is an error.
"""

from __future__ import annotations

import types
import typing
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any

import click
import msgspec

from openprime.cli import openprime
from openprime.cli.admin import Actions
from openprime.server.config import FileConfig
from openprime.server.profiles import FOLLOWING

OUT = Path(__file__).parent.parent / "docs" / "configuration.md"

TYPE_NAMES = {Decimal: "decimal", int: "integer", bool: "boolean", str: "text", float: "number"}

MEANINGS = {
    "desk.margin_call_uni_mmr": "uniMMR at or below which an account is in MARGIN_CALL",
    "desk.cancel_open_uni_mmr": "the same for CANCEL_OPEN: orders that add exposure are refused",
    "desk.cancel_all_uni_mmr": "the same for CANCEL_ALL: every order is refused",
    "desk.liquidating_uni_mmr": "the same for LIQUIDATING; liqPrice is computed with it",
    "desk.takeover_uni_mmr": "the same for TAKEOVER: closing a position is refused too",
    "desk.liquidation_target_uni_mmr": "uniMMR at which a liquidation ends",
    "desk.liquidation_slip": "how far beyond the index a liquidation trades coins, as a fraction",
    "desk.margin_notice_interval_ms": "least time between two notices of one status of an account",
    "desk.takeover_delay_ms": "how long an account stands in TAKEOVER before the house takes it",
    "desk.insurance_fund_initial": "what the insurance fund begins with, in USDT",
    "desk.house_max_notional": "the most that the house holds of a symbol, in USDT",
    "desk.transfer_out_min_uni_mmr": "uniMMR that maxTransferable leaves behind",
    "desk.open_loss_counts_price": "whether open loss counts the distance of an order's price "
    "from the mark",
    "desk.maintenance_multiplier": "factor on every maintenance margin of positions, and on the "
    "mmRate that is shown",
    "desk.broker_max_leverage": "highest leverage of a PERP symbol, under the venue's own; "
    "0 sets none",
    "desk.market_assumed_slip": "how far above the best ask a MARKET buy is assumed to fill, "
    "as a fraction",
    "desk.portfolio_max_orders": "working orders of a portfolio at one exchange (401054 beyond)",
    "desk.portfolio_max_notional": "notional of a portfolio in one symbol, in USDT (401070 "
    "beyond); 0: no cap but the symbol's own",
    "desk.portfolios_max": "open portfolios of a user besides MainPortfolio (402007 beyond)",
    "desk.portfolio_keys_max": "API keys of a portfolio (400000 beyond)",
    "desk.client_order_id_blocked_ms": "how long the id of a finished order stays taken, in ms",
    "desk.client_order_ids_kept_max": "ids of finished orders that a portfolio keeps; beyond it "
    "the oldest are free early",
    "desk.transfer_delay_ms": "how long a transfer is under way, in ms; 0: it is done at once",
    "desk.transfer_requests_kept_max": "request ids of transfers that a user keeps; beyond it the "
    "oldest are free again",
    "desk.network_confirm_ms": "how long the simulated network takes to confirm deposits and "
    "withdrawals, in ms",
    "desk.loan_pool_multiple": "a coin's pool of loans at an exchange, as a multiple of where its "
    "highest tier of debt ends",
    "desk.loan_ltv_borrow": "RapidX loans over collateral above which no more is lent",
    "desk.loan_ltv_transfer": "RapidX loans over collateral that no transfer may leave behind",
    "desk.loan_ltv_call": "RapidX loans over collateral from which the account is MARGIN_CALL",
    "desk.loan_ltv_liquidate": "RapidX loans over collateral from which it is LIQUIDATING",
    "desk.loan_ltv_target": "RapidX loans over collateral down to which they are then taken back",
    "desk.loan_liquidation_fee_rate": "what is charged on loans that are taken back, as a fraction",
    "desk.rapid_pool_usdt": "what `transfer/rapidPool` tells of the pools of BINANCE and OKX, in "
    "USDT",
    "desk.default_position_mode": "position mode of new accounts",
    "desk.leverage_blocked_by_orders": "exchanges at which working orders forbid a change of "
    "leverage (401043)",
    "desk.venue_answers_at_once": "overwritten: true where the section `venue` has no latency",
    "api.numeric_statement_ids": "portfolioId and createAt of statement rows as JSON integers",
    "api.nonce_skew_s": "how many seconds a request's nonce may be off",
    "api.deadline_ms": "how long an order waits for a venue that a fault keeps away before it is "
    "answered 400013, in ms",
    "api.key_cache_ms": "how long the edge remembers a key, in ms; a changed key is forgotten "
    "at once",
    "api.freeze_after_bad_signatures": "wrong signatures in a row that freeze a key; 0: never; "
    "where it is not set, never with `--limits off` and 20 otherwise",
    "api.finished_orders_kept": "ended orders kept in memory for the replies to cancels",
    "api.refusals_kept": "refused orders kept in memory with their explanations",
    "api.refusals_explained_per_second": "refused orders explained a second at most",
    "api.refusals_logged_per_minute": "refused orders told to the log a minute at most",
    "api.trusted_proxies": "addresses or networks whose X-Forwarded-For is believed",
    "api.durability": "overwritten by `--durability`",
    "api.documents_folder": "folder of the pages under /docs; empty: that of the source tree",
    "api.edge.body_bytes_max": "largest body of a request, in bytes (413 beyond)",
    "api.edge.query_bytes_max": "longest query string, in bytes (413 beyond)",
    "api.edge.header_bytes_max": "largest headers together, in bytes (413 beyond)",
    "api.edge.parameters_max": "parameters of a request (400000 beyond, as for the next two)",
    "api.edge.value_bytes_max": "longest value, in bytes",
    "api.edge.nesting_max": "deepest nesting of a JSON body",
    "api.edge.gzip_bytes_min": "answers above so many bytes are packed, for clients that ask",
    "api.edge.request_seconds": "a request that is not complete so long after its first byte is "
    "answered with 408 and ends its connection",
    "api.edge.keep_alive_seconds": "a connection without a request ends after so long",
    "api.edge.unread_seconds": "a connection whose client takes nothing of an answer for so long "
    "is cut",
    "api.edge.connections_max": "connections together, sockets included (429 beyond, whatever "
    "`--limits` says); at most what the system lets a process open",
    "api.edge.address_calls_per_minute": "calls of one address on all routes together (429 beyond, "
    "unless `--limits off`); 0 sets none",
    "catalog.messages": "texts of the codes: the founding list's, or newer ones where there are; "
    "latest also has 401097 and a stricter rule for names of portfolios",
    "catalog.status_mode": "HTTP status of refusals: 200, or 400",
    "catalog.client_order_id": "characters of clientOrderId: letters, digits, `_` and `-`, or "
    "letters and digits alone",
    "catalog.ws_errors": "refusals on sockets: the code that fits, or the older frames with code "
    "60009 (private) and 10001 (login on market data)",
    "venue.request_latency_ms": "how long requests travel to the simulated exchange, in ms",
    "venue.report_latency_ms": "how long its reports travel back, in ms",
    "market.mark_interval_ms": "how often marks and indexes are computed and told to the desk, "
    "in ms",
    "admin.enabled": "whether the operator's routes under /admin/v1 exist",
    "admin.remote": "whether they exist for peers on other machines too, and behind a proxy",
}


ARGUMENTS = {
    "folder": "the data folder",
    "out": "where the copy is to be",
    "source": "the backup",
    "access_key": "the key that is meant",
    "code": "the code that is meant; none lists all",
    "subject": "the id of what is to be explained",
}


def type_name(annotation: Any) -> str:
    """A type as the page names it."""
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return " or ".join(str(member.value) for member in annotation)
    if typing.get_origin(annotation) in (tuple, list):
        return "list of " + type_name(typing.get_args(annotation)[0])
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return " or ".join(
            type_name(each) for each in typing.get_args(annotation) if each is not types.NoneType
        )
    return TYPE_NAMES[annotation]


def toml_text(value: Any) -> str:
    """A value as it would stand in the file."""
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple | list):
        return "[" + ", ".join(map(toml_text, value)) + "]"
    if isinstance(value, Decimal | int) and not isinstance(value, Enum):
        return str(value)
    return f'"{value}"'


def sections(struct: msgspec.Struct, name: str = "") -> list[tuple[str, list[str]]]:
    """The tables of a Struct of settings and of the Structs in it, by section name."""
    rows: list[str] = []
    inner: list[tuple[str, list[str]]] = []
    hints = typing.get_type_hints(type(struct))
    for field in struct.__struct_fields__:
        if (name, field) in FOLLOWING:
            continue
        value = getattr(struct, field)
        path = f"{name}.{field}" if name else field
        if isinstance(value, msgspec.Struct):
            inner += sections(value, path)
        else:
            kind = type_name(hints[field])
            rows.append(f"| `{field}` | {kind} | `{toml_text(value)}` | {MEANINGS[path]} |")
    return ([(name, rows)] if rows else []) + inner


def settings_table() -> str:
    """Every section of the configuration file."""
    parts = []
    named: set[str] = set()
    for section, rows in sections(FileConfig()):
        named |= {f"{section}.{row.split('`')[1]}" for row in rows}
        head = ["| setting | type | default | meaning |", "|---|---|---|---|"]
        parts.append("\n".join([f"### [{section}]", "", *head, *rows]))
    unknown = sorted(MEANINGS.keys() - named)
    if unknown:
        raise KeyError(f"expected a setting for every meaning, found none for {unknown}")
    return "\n\n".join(parts)


def options_table() -> str:
    """The arguments and options of every command."""
    lines = ["| command | option | default | meaning |", "|---|---|---|---|"]
    for path, command in commands(openprime, "openprime"):
        for parameter in command.params:
            lines.append(f"| `{path}` | {option_cells(parameter)} |")
    return "\n".join(lines)


def commands(command: click.Command, path: str) -> list[tuple[str, click.Command]]:
    """Every command that does something, with the words that call it."""
    if not isinstance(command, click.Group) or isinstance(command, Actions):
        return [(path, command)]  # the operator's actions have a page of their own
    found = []
    for name in command.list_commands(click.Context(command)):
        inner = command.get_command(click.Context(command), name)
        assert inner is not None, "a listed command exists"
        found += commands(inner, f"{path} {name}")
    return found


def option_cells(parameter: click.Parameter) -> str:
    if not isinstance(parameter, click.Option):
        meaning = ARGUMENTS[parameter.name or ""]
        return f"`{parameter.human_readable_name}` |  | {meaning}"
    words = parameter.opts[0]
    if not parameter.is_flag:
        words += " " + value_name(parameter)
    default = parameter.default if parameter.show_default else None
    shown = f"`{default}`" if default is not None else ""
    return f"`{words}` | {shown} | {(parameter.help or '').rstrip('.')}"


def value_name(option: click.Option) -> str:
    """What stands for the option's value: its choices, its own word, or its type."""
    if isinstance(option.type, click.Choice):
        return "{" + ",".join(map(str, option.type.choices)) + "}"
    return option.metavar or option.type.name.upper().replace("INTEGER RANGE", "N")


BLOCKS = {"options": options_table, "settings": settings_table}


def page(text: str) -> str:
    """The page with its generated blocks made anew."""
    for name, make in BLOCKS.items():
        begin, end = f"<!-- {name}: made by scripts/make_configuration.py -->", f"<!-- /{name} -->"
        head, found, rest = text.partition(begin)
        _, closed, tail = rest.partition(end)
        if not found or not closed:
            raise ValueError(f"expected {begin} and {end} in the page, found no such pair")
        text = f"{head}{begin}\n{make()}\n{end}{tail}"
    return text


def main() -> None:
    OUT.write_text(page(OUT.read_text()))


if __name__ == "__main__":
    main()
