"""What must be there before the first basket: pick-up points, communities, SKUs and coupon templates."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from demo.api import Api
from demo.journey import Journey

SOURCE = "completejourney"
CHANNEL = "demo"
COUPON_MINOR = 100
"""What every campaign's coupon takes off, in cents. The data says what each product's coupon was worth in its basket, not in
advance; one dollar is close to the median."""
_IMPORT = 1000


@dataclass(frozen=True)
class Places:
    points: dict[int, str]
    """Store → pick-up point id."""
    communities: dict[int, str]
    """Store → community id."""
    skus: dict[int, str]
    """Product → SKU id."""


async def set_up(api: Api, journey: Journey) -> Places:
    """Create what is missing; what is there already is found by its code."""
    points, communities, skus, _ = await asyncio.gather(
        _points(api, journey), _communities(api, journey), _skus(api, journey), _templates(api, journey)
    )
    return Places(points, communities, skus)


async def _points(api: Api, journey: Journey) -> dict[int, str]:
    known = {point["code"]: point["id"] for point in await api.pages("/orders/v1/pickup-points")}
    for store in journey.stores:
        code = f"store-{store}"
        if code not in known:
            body = {"code": code, "name": f"Store {store}"}
            known[code] = (await api.post("/orders/v1/pickup-points", body, key=code))["id"]
    return {store: known[f"store-{store}"] for store in journey.stores}


async def _communities(api: Api, journey: Journey) -> dict[int, str]:
    known = {community["code"]: community["id"] for community in await api.pages("/engagement/v1/communities")}
    for store in journey.stores:
        code = f"store-{store}"
        if code not in known:
            body = {"code": code, "name": f"Store {store}", "pickup_point_code": code}
            known[code] = (await api.post("/engagement/v1/communities", body, key=code))["id"]
    return {store: known[f"store-{store}"] for store in journey.stores}


async def _skus(api: Api, journey: Journey) -> dict[int, str]:
    products = journey.products
    found: dict[int, str] = {}
    for start in range(0, len(products), _IMPORT):
        part = products[start : start + _IMPORT]
        body = {
            "skus": [
                {
                    "code": str(product),
                    "name": f"Product {product}",
                    "price_minor": 0,
                    "product_code": str(product),
                    "product_name": f"Product {product}",
                }
                for product in part
            ]
        }
        answer = await api.post("/orders/v1/catalogue-imports", body, key=f"skus-{start}-{len(products)}")
        found.update({int(sku["code"]): sku["sku_id"] for sku in answer["skus"]})
    return found


async def _templates(api: Api, journey: Journey) -> None:
    known = {template["code"] for template in await api.pages("/members/v1/coupon-templates")}
    for campaign in journey.campaigns.values():
        code = template_code(campaign.id)
        if code in known:
            continue
        body = {
            "code": code,
            "name_zh": f"活動 {campaign.id}",
            "name_en": f"Campaign {campaign.id}, {campaign.kind}",
            "value_minor": COUPON_MINOR,
            "starts_at": journey.midnight(campaign.starts).isoformat(),
            "ends_at": journey.midnight(campaign.ends + timedelta(days=1)).isoformat(),
        }
        await api.post("/members/v1/coupon-templates", body, key=code)


def template_code(campaign: int) -> str:
    return f"campaign_{campaign:02d}"
