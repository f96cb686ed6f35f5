"""Makes src/openprime/errors/catalogue.json, one row a code, from the specification's catalogue.

    python scripts/make_catalogue.py SPEC_FOLDER

Only facts are taken: code, exact texts, group, stage of the checks, the surfaces that it arises
on, how it is delivered, and the HTTP status in each profile. What a code means, in words of our
own, stands in explanations.toml beside it.
"""

import json
import sys
from pathlib import Path
from typing import Any

OUT = Path(__file__).parent.parent / "src" / "openprime" / "errors" / "catalogue.json"

PRIVATE, MARKET = "/v1/private", "/marketdata/v2/public"
OLDER = ("/v1/public", "/v2/public")
# From here on codes are those of the private and the older public sockets.
OLDER_FAMILY = 600_000

# Surfaces that the specification tells in prose, as paths.
SURFACES = {
    "GET Assets V2 trading-account assets": ["GET /api/v2/tradingAccount/assets"],
    "GET routes with an exchange/exchangeType parameter": ["every GET route with exchangeType"],
    "GET routes with businessType": ["every GET route with businessType"],
    "trading routes that accept an explicit portfolioId": ["every trading route with portfolioId"],
    "WS private /v1/private": [PRIVATE],
    "WS private Orders push (orderState FAIL/REJECT/CANCELLED + reason)": [f"{PRIVATE} Orders"],
    "WS private action before login or beyond the key's permission": [PRIVATE],
    "WS private/market login": [f"{PRIVATE} login", f"{MARKET} login"],
}
SAME_AS = "same pageable routes as "
PUBLIC = "WS public "
ACTION = "WS private "


def main(folder: Path) -> None:
    found = json.loads((folder / "errors.json").read_text())
    named = {str(row["code"]): row["surfaces"] for row in found}
    rows = [
        {
            "code": row["code"],
            "message": row["message"],
            "newer_message": row.get("newer_message") or "",
            "group": row["group"],
            "stage": row["stage"] or "",
            "delivery": row["delivery"],
            "in_seed": row["in_seed"],
            "placeholders": row["placeholders"] or 0,
            "status": row["http_status"] or 0,
            "strict_status": row["http_status_strict"] or 0,
            "surfaces": surfaces(row, named),
        }
        for row in found
    ]
    OUT.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n")


def surfaces(row: dict[str, Any], named: dict[str, list[str]]) -> list[str]:
    """Where a code arises, each place once: routes, sockets and their actions."""
    places: list[str] = []
    for surface in row["surfaces"]:
        if surface.startswith(SAME_AS):
            places += named[surface.removeprefix(SAME_AS)]
        elif surface in SURFACES:
            places += SURFACES[surface]
        elif surface.startswith(PUBLIC):
            places += OLDER if row["code"] > OLDER_FAMILY else [MARKET]
        elif surface.startswith(ACTION):
            places.append(f"{PRIVATE} {surface.removeprefix(ACTION)}")
        else:
            places.append(surface)
    return list(dict.fromkeys(places))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
