"""Makes docs/errors.md from the catalogue of error codes and the words that explain it.

    python scripts/make_errors.py

The same rows as `openprime errors`; a test holds the page to what this prints.
"""

from __future__ import annotations

import itertools
from pathlib import Path

from openprime.errors import Explained, all_explained

OUT = Path(__file__).parent.parent / "docs" / "errors.md"

HEAD = """\
# Error codes

Made by `scripts/make_errors.py` from the catalogue; do not edit. On the command line
`openprime errors` lists the codes, `openprime errors 401009` explains one, and `--json` gives
either to programs.

A refusal over HTTP is `{"code": …, "message": …, "data": {}}`; on a socket the code stands in the
answer's frame. A request that breaks several rules gets the code of the first, in a fixed order:
who asks, what is written, what it names, the rules of the symbol, the account, margin, the
exchange. What is refused changes nothing.

Founding codes are those of the list that Openprime was founded on, and their texts are that
list's, byte for byte. Where a text has `%s`, a value stands there in a reply.

## Profiles

Four settings of the section `catalog` of the [configuration file](configuration.md) choose how
codes are told. A code outside the founding list arises in every profile.

| setting | value | what it does |
|---|---|---|
| `messages` | `seed` | the founding texts |
| | `latest` | the newer texts where there is one, in replies and in the reasons of orders; \
401097 for closing a position that is closed already, instead of 401032; names of portfolios have \
6 to 20 letters or digits and are no numbers, else 400000 |
| `status_mode` | `ok200` | refusals travel with HTTP 200; limits (429) and failures (500) do not |
| | `strict` | HTTP 400 for refusals |
| `client_order_id` | `lenient` | letters, digits, `_` and `-` in clientOrderId |
| | `strict` | letters and digits, as 401051 says |
| `ws_errors` | `specific` | sockets tell the code that fits |
| | `generic` | the private socket answers a failed login or order action with event \
`error` and code `"60009"`, market data sockets a failed login with code `"10001"` |
"""

# The groups in the order of the page.
GROUPS = (
    "Common",
    "Api Key",
    "Trading",
    "Portfolio",
    "Transfer",
    "WebSocket",
)
BASE_ORDER = """
In the examples *the base order* is `POST /api/v1/trading/order` with sym BINANCE_PERP_BTC_USDT,
side BUY, orderType LIMIT, timeInForce GTC, orderQty 0.01 and limitPrice 60000, from a funded
portfolio while the mark is 60000.
"""


def page() -> str:
    """The whole page."""
    found = sorted(all_explained(), key=_place)
    parts = [HEAD, BASE_ORDER]
    for group, rows in itertools.groupby(found, key=lambda row: row.group):
        parts += [f"\n## {group}\n", *map(_section, rows)]
    return "".join(parts)


def _place(row: Explained) -> tuple[int, str, bool, int]:
    known = row.group in GROUPS
    rank = GROUPS.index(row.group) if known else len(GROUPS)
    return rank, "" if known else row.group, not row.in_seed, row.code


def _section(row: Explained) -> str:
    facts = [f"`{row.message}`" + ("" if row.in_seed else " · not a founding code")]
    if row.newer_message:
        facts.append(f"newer text: `{row.newer_message}`")
    lines = [
        row.meaning,
        f"*What to do:* {row.remedy}",
        f"*Provoked by:* {_as_code(row.example)}",
    ]
    if row.surfaces:
        lines.append(f"*Arises on:* {_places(row)}")
    listed = "\n".join(f"- {line}" for line in (*facts, *lines))
    return f"\n### {row.code}\n\n{listed}\n"


def _as_code(example: str) -> str:
    """Frames and requests hold characters that Markdown would take for its own."""
    return f"`{example}`" if any(mark in example for mark in "{[_<*") else example


def _places(row: Explained) -> str:
    return ", ".join(f"`{place.replace('/api/v1/', '')}`" for place in row.surfaces)


def main() -> None:
    OUT.write_text(page())


if __name__ == "__main__":
    main()
