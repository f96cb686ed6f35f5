"""The table about itself, and the audit of what was done with it."""

from openprime.api.operator.action import (
    PAGE_MAX,
    PAGE_SIZE_MAX,
    PREFIX,
    AdminRow,
    Nothing,
    Paged,
    Unfit,
)
from openprime.api.operator.reading import body_schema
from openprime.api.services import Services
from openprime.api.wire import Row


async def actions(services: Services, asked: Nothing) -> list[Row]:
    """All actions, with the JSON schema of their bodies."""
    from openprime.api.operator import ADMIN

    return [
        {
            "method": row.method,
            "path": row.path,
            "summary": row.summary,
            "body": body_schema(row),
            "data": row.shape,
        }
        for row in ADMIN.values()
    ]


async def audit(services: Services, asked: Paged) -> Row | Unfit:
    """The audit, newest first."""
    if not (1 <= asked.page <= PAGE_MAX and 1 <= asked.page_size <= PAGE_SIZE_MAX):
        return Unfit(
            f"expected page from 1 to {PAGE_MAX} and pageSize from 1 to {PAGE_SIZE_MAX}, "
            f"found {asked.page} and {asked.page_size}"
        )
    await services.sequencer.settled()
    found = await services.store.read(services.history.audit, asked.page, asked.page_size)
    return {
        "page": asked.page,
        "pageSize": asked.page_size,
        "total": found.total,
        "list": [
            {
                "auditId": str(row.audit_id),
                "time": row.time_ms,
                "action": row.action,
                "body": row.body,
                "code": row.code,
                "peer": row.peer,
            }
            for row in found.rows
        ],
    }


ROWS: tuple[AdminRow, ...] = (
    AdminRow("GET", f"{PREFIX}actions", "All actions", Nothing, actions, "[action]"),
    AdminRow(
        "GET",
        f"{PREFIX}audit",
        "What operators changed, newest first",
        Paged,
        audit,
        "{page, pageSize, total, list: [{auditId, time, action, body, code, peer}]}",
    ),
)
