"""That two servers do the same work: an order placed at each leaves the same rows and gets the same answers."""

import re
from typing import Any

from benchmarks.orders.client import Answer, connect
from benchmarks.orders.shop import MEMBERS, ORDERS, Server, Shop, payable
from common.ids import new_id

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_CODE = re.compile(r'"[A-Z2-7]{13}"')
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|\+00:00)")
_OF_ORDER = {
    "orders": "id = $1",
    "order_line": "order_id = $1",
    "order_adjustment": "order_id = $1",
    "order_transition": "order_id = $1",
    "coupon": "order_id = $1",
    "timer": "business_id = $1",
}
_BY_TEXT = {
    "idempotency_key": ("convert_from(response, 'UTF8')", "actor, status, convert_from(response, 'UTF8') AS said"),
    "outbox": ("convert_from(envelope, 'UTF8')", "topic, key, type, convert_from(envelope, 'UTF8') AS said"),
}


class Disagreement(Exception):
    """The baseline does not do what the service does."""


async def require_agreement(shop: Shop, service: Server, baseline: Server) -> None:
    """Raises Disagreement. Both are asked for the same goods for the same member, with coupons of the same terms."""
    [(member, wish), *_, (_, other)] = await shop.wishes(MEMBERS + 1)  # the last is the first member's again
    first = await _trace(shop, service, member, wish)
    second = await _trace(shop, baseline, member, wish | {"coupon_id": other["coupon_id"]})
    for what, seen in first.items():
        if seen != second[what]:
            raise Disagreement(f"{what}: the service has {seen}, the baseline {second[what]}")


async def _trace(shop: Shop, server: Server, member: Any, wish: dict[str, Any]) -> dict[str, Any]:
    """What an order, its repetition and the use of its key for another leave behind, without ids and moments."""
    body, key = wish | {"payable_minor": payable(wish)}, new_id()
    request = shop.request(member, ORDERS, body, key=key)
    connection = await connect(server.port)
    try:
        placed, again = await connection.ask_well(request), await connection.ask_well(request)
        reused = await connection.ask(shop.request(member, ORDERS, body | {"payable_minor": 1}, key=key))
        unpriced = await connection.ask(shop.request(member, ORDERS, body | {"payable_minor": 1, "coupon_id": None}))
        spent = await connection.ask(shop.request(member, ORDERS, body))
    finally:
        connection.close()
    if again.body != placed.body:
        raise Disagreement("a repeated request got another answer")
    answers = {"placed": placed, "reused": reused, "unpriced": unpriced, "spent": spent}
    return {name: _said(answer) for name, answer in answers.items()} | await _rows(shop, placed.json()["id"])


def _said(answer: Answer) -> str:
    return f"{answer.status} {_anonymous(answer.body.decode())}"


async def _rows(shop: Shop, order_id: str) -> dict[str, list[str]]:
    queries = {
        table: f"SELECT to_jsonb({table})::text AS row FROM {table} WHERE {condition}"
        for table, condition in _OF_ORDER.items()
    } | {
        table: f"SELECT to_jsonb(told)::text AS row FROM (SELECT {shown} FROM {table} WHERE {text} LIKE '%' || $1 || '%') AS told"
        for table, (text, shown) in _BY_TEXT.items()
    }
    found = {table: await shop.connection.fetch(query, order_id) for table, query in queries.items()}
    return {table: sorted(_anonymous(record["row"]) for record in records) for table, records in found.items()}


def _anonymous(text: str) -> str:
    return _CODE.sub('"<code>"', _MOMENT.sub("<moment>", _ID.sub("<id>", text)))
