"""Makes src/openprime/data/reference.json, the venues' rules, from the specification's data.

    python scripts/make_reference.py SPEC_FOLDER

The specification's rows are facts about public venues; this script strips its notes and adds the
tables that its resolutions give (start prices, transfer rules, default loan tiers and rates).
"""

import json
import sys
from pathlib import Path
from typing import Any

OUT = Path(__file__).parent.parent / "src" / "openprime" / "data" / "reference.json"

START_PRICES = (
    "BTC 60000 ETH 2600 BNB 520 SOL 160 XRP 0.6 DOGE 0.105 ADA 0.35 AVAX 23 LINK 10.5 "
    "LTC 60 TRX 0.13 DOT 4.7 IMX 1.15 WIF 1.8"
)
IMX_BRACKET = [
    ("50000", "20", "0.0250", "0"),
    ("250000", "10", "0.0500", "1250"),
    ("500000", "5", "0.1000", "13750"),
    ("1000000", "4", "0.1250", "26250"),
    ("2000000", "2", "0.2500", "151250"),
    ("5000000", "1", "0.5000", "651250"),
]
# coin: tier-1 maximum, tier-2 maximum, hourly interest
DEFAULT_LOANS = {
    "USDT": ("600000", "4800000", "0.0000045662"),
    "USDC": ("300000", "2400000", "0.0000045662"),
    "BTC": ("9", "72", "0.0000005708"),
    "ETH": ("60", "480", "0.0000022915"),
    "BNB": ("200", "1600", "0.0000057078"),
    "SOL": ("700", "5600", "0.0000057078"),
    "XRP": ("200000", "1600000", "0.0000057078"),
    "DOGE": ("1000000", "8000000", "0.0000057078"),
    "ADA": ("300000", "2400000", "0.0000057078"),
    "AVAX": ("4000", "32000", "0.0000057078"),
    "LINK": ("10000", "80000", "0.0000057078"),
    "LTC": ("1500", "12000", "0.0000057078"),
    "TRX": ("800000", "6400000", "0.0000057078"),
    "DOT": ("20000", "160000", "0.0000057078"),
}
# coin: precision, minimum, {network: fee}
CURRENCIES = {
    "USDT": (6, "0.01", {"TRC20": "1", "ERC20": "4", "BSC": "0.3"}),
    "USDC": (6, "0.01", {"ERC20": "4", "BSC": "0.3"}),
    "BTC": (8, "0.00001", {"BTC": "0.0002"}),
    "ETH": (8, "0.0001", {"ERC20": "0.002"}),
    "BNB": (8, "0.001", {"BSC": "0.0005"}),
    "SOL": (8, "0.001", {"SOL": "0.01"}),
    "XRP": (6, "0.1", {"XRP": "0.2"}),
    "DOGE": (8, "1", {"DOGE": "2"}),
    "ADA": (6, "0.1", {"ADA": "0.8"}),
    "AVAX": (8, "0.01", {"AVAXC": "0.01"}),
    "LINK": (8, "0.01", {"ERC20": "0.3"}),
    "LTC": (8, "0.001", {"LTC": "0.001"}),
    "TRX": (6, "1", {"TRC20": "1"}),
    "DOT": (8, "0.01", {"DOT": "0.1"}),
    "WIF": (6, "0.1", {"SOL": "0.3"}),
}


def stripped(value: Any) -> Any:
    """`value` without the notes, whose names start with an underscore (but for `_cum`)."""
    if isinstance(value, dict):
        return {
            key: stripped(inner)
            for key, inner in value.items()
            if not key.startswith("_") or key == "_cum"
        }
    if isinstance(value, list):
        return [stripped(inner) for inner in value]
    return value


def imx_bracket() -> list[dict[str, str]]:
    rows, floor = [], "0"
    for level, (cap, leverage, rate, amount) in enumerate(IMX_BRACKET, start=1):
        rows.append(
            {
                "sym": "BINANCE_PERP_IMX_USDT",
                "minNotionalValue": floor,
                "maxNotionalValue": cap,
                "maxLeverage": leverage,
                "mmRate": rate,
                "riskLevel": str(level),
                "_cum": amount,
            }
        )
        floor = cap
    return rows


def default_loan_tiers(coin: str) -> list[dict[str, str]]:
    first, second, _ = DEFAULT_LOANS[coin]
    return [
        {"tier": "1", "minSize": "0", "maxSize": first, "mmRate": "0.0500", "maxLeverage": "5.00"},
        {
            "tier": "2",
            "minSize": first,
            "maxSize": second,
            "mmRate": "0.1000",
            "maxLeverage": "3.00",
        },
    ]


def loans(spec: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Loan tiers and interest levels by market and coin: the data's rows, then the defaults."""
    tiers = dict(spec["loanTier"])
    levels = dict(spec["hourlyInterest"]["levels"])
    for exchange in ("BINANCE", "OKX"):
        for coin, (_, second, rate) in DEFAULT_LOANS.items():
            base = "BTC" if coin == "USDT" else coin
            key = f"{exchange}_MARGIN_{base}_USDT" + ("#USDT" if coin == "USDT" else "")
            owner = {"exchangeType": exchange, "coin": coin}
            tiers.setdefault(key, owner | {"tiers": default_loan_tiers(coin)})
            level = {"level": "1", "hourInterestRate": rate, "loanLimit": second}
            levels.setdefault(key, owner | {"levels": [level]})
    return tiers, levels


def main(folder: Path) -> None:
    spec = stripped(json.loads((folder / "reference-data.json").read_text()))
    tiers, levels = loans(spec)
    fees = spec["feeRates"]["rows"]
    if not any(r["exchangeType"] == "OKX" and r["businessType"] == "MARGIN" for r in fees):
        spot = next(r for r in fees if (r["exchangeType"], r["businessType"]) == ("OKX", "SPOT"))
        fees.append(spot | {"businessType": "MARGIN"})
    prices = START_PRICES.split()
    discounts = {coin: row["discount"] for coin, row in spec["coinDiscount"].items()}
    listed = {row["sym"].split("_")[2] for row in spec["symInfo"].values()}
    for coin in sorted(listed - discounts.keys()):
        discounts[coin] = spec["coinDiscountDefault"]["discount"]
    out = {
        "symbols": spec["symInfo"],
        "position_tiers_notional": spec["positionBracketBinance"]
        | {"BINANCE_PERP_IMX_USDT": imx_bracket()},
        "position_tiers_contracts": spec["okxPositionTiersContracts"],
        "discounts": discounts,
        "loan_tiers": tiers,
        "interest_levels": levels,
        "loan_config": spec["rapidxLoanConfig"],
        "fees": fees,
        "funding": spec["funding"],
        "start_prices": dict(zip(prices[::2], prices[1::2], strict=True)),
        "currencies": {
            coin: {"precision": precision, "minimum": minimum, "networks": networks}
            for coin, (precision, minimum, networks) in CURRENCIES.items()
        },
    }
    OUT.write_text(json.dumps(out, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
