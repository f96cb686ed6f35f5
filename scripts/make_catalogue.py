"""Makes src/openprime/errors/catalogue.json, one row a code, from the specification's catalogue.

    python scripts/make_catalogue.py SPEC_FOLDER

Only facts are taken: code, exact texts, group, stage of the checks and the surfaces it arises on.
"""

import json
import sys
from pathlib import Path

OUT = Path(__file__).parent.parent / "src" / "openprime" / "errors" / "catalogue.json"


def main(folder: Path) -> None:
    rows = []
    for row in json.loads((folder / "errors.json").read_text()):
        rows.append(
            {
                "code": row["code"],
                "message": row["message"],
                "newer_message": row.get("newer_message") or "",
                "group": row["group"],
                "stage": row["stage"] or "",
                "in_seed": row["in_seed"],
                "placeholders": row["placeholders"] or 0,
                "surfaces": row["surfaces"],
            }
        )
    OUT.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
