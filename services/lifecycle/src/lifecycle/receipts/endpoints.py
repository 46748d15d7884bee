from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query

from common.auth.access import Operator
from common.connection import Record
from common.http.dependencies import CurrentRuntime, Db
from common.http.fields import Code
from common.http.pages import LARGEST_NUMBER, PageQuery, page
from common.http.spans import SpanQuery
from lifecycle.engine.annotations.domain import annotated
from lifecycle.engine.explanations.domain import outcome
from lifecycle.members import service as members
from lifecycle.members.schemas import OwnPage, own_page
from lifecycle.receipts import service
from lifecycle.receipts.domain import Outcome, Receipt, read_receipt, was_asked
from lifecycle.receipts.schemas import ReceiptDetail, ReceiptView
from lifecycle.resources import Resources

router = APIRouter(tags=["receipts"])


@router.get("/receipts", operation_id="list_receipts")
async def list_receipts(
    _: Operator,
    db: Db,
    pages: PageQuery,
    span: SpanQuery,
    member: Annotated[UUID | None, Query(description="Only those of this member.")] = None,
    rule: Annotated[Code | None, Query(description="Only those of this rule.")] = None,
    outcome: Annotated[Outcome | None, Query(description="Only `acted`, or this reason why not.")] = None,
) -> OwnPage[ReceiptView]:
    """Decisions upon rules, newest first; without those that changed nothing, which are counted by day."""
    merged_into = await members.merged_into(db, member) if member else None
    rows = await service.list_receipts(
        db,
        member_id=member,
        rule=rule,
        outcome=outcome,
        since=span.since,
        until=span.until,
        before=pages.after_number,
        limit=pages.limit,
    )
    views = [receipt_view(row) for row in rows]
    return own_page(page(views, limit=pages.limit, last_id=rows[-1]["number"] if rows else None), merged_into)


@router.get("/receipts/{number}", operation_id="get_receipt")
async def get_receipt(
    number: Annotated[int, Path(ge=1, le=LARGEST_NUMBER)], _: Operator, db: Db, runtime: CurrentRuntime
) -> ReceiptDetail:
    """One decision, with the condition of then and the values that decided it."""
    resources: Resources = runtime.resources
    row = await service.get_receipt(db, number)
    await members.find_own(db, row["member_id"])
    receipt = read_receipt(dict(row))
    rule = (await resources.versions.now(db)).engine(receipt.version).rules.get(receipt.rule)
    asked = rule is not None and was_asked(receipt.outcome)
    return ReceiptDetail(
        **_fields(row, receipt),
        condition=annotated(rule.condition, receipt.detail.values) if rule and asked else None,
        holds=outcome(rule.condition, receipt.detail.values) if rule and asked else None,
    )


def receipt_view(row: Record) -> ReceiptView:
    return ReceiptView(**_fields(row, read_receipt(dict(row))))


def _fields(row: Record, receipt: Receipt) -> dict[str, object]:
    detail = receipt.detail
    kept = {name: row[name] for name in ReceiptView.model_fields if name not in detail.__struct_fields__}
    return {**kept, "values": detail.values, "units": detail.units, "by": detail.by}
