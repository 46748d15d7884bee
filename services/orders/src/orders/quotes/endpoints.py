from fastapi import APIRouter

from common.auth.access import AnyMember
from common.http.dependencies import Db
from orders.quotes import service
from orders.quotes.schemas import QuoteRequest, QuoteView
from orders.resources import CurrentResources

router = APIRouter(tags=["placing orders"])


@router.post("/quotes", operation_id="quote_order")
async def quote_order(body: QuoteRequest, principal: AnyMember, db: Db, resources: CurrentResources) -> QuoteView:
    """What an order would cost the caller now; it holds nothing."""
    return service.quote_view(
        await service.make_quote(db, service.wish_of(body, principal.id), currency=resources.currency)
    )
