"""Carrying a step out through the APIs. Doing a step again changes nothing: everything has a name of its own."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from functools import partial

from demo.api import Api, Refused
from demo.chatter import Chatter
from demo.journey import Basket, Target
from demo.places import CHANNEL, SOURCE, Places, template_code
from demo.steps import Step

REFUSING = 5
"""SYNTHETIC: one household of so many does not want to be offered anything."""
AT_ONCE = 12
"""Requests under way at the same time."""
_DELIVERY = 400


class Feeding:
    def __init__(
        self,
        *,
        api: Api,
        places: Places,
        chatter: Chatter,
        redeemed: dict[int, int],
        settle: Callable[[], Awaitable[None]],
    ) -> None:
        """`redeemed`: basket → the campaign whose coupon it redeems. `settle` returns when everybody has read everything."""
        self._api = api
        self._places = places
        self._chatter = chatter
        self._redeemed = redeemed
        self._settle = settle
        self._members: dict[int, str] = {}
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def carry_out(self, step: Step) -> None:
        """First the members and their coupons, then, when everybody knows of them, what they do."""
        if step.registrations:
            await self._each(partial(self._register, household) for household in step.registrations)
            await self._settle()
        if step.targets:
            await self._each(partial(self._issue, target) for target in step.targets)
            await self._settle()
        await self._each([partial(self._deliver, step), *(partial(self._place, basket) for basket in step.baskets)])

    async def _each(self, work: Iterable[Callable[[], Awaitable[None]]]) -> None:
        """Do all of it, some at once. The first that is refused ends the others, and is raised."""
        refused: BaseException | None = None

        async def one(item: Callable[[], Awaitable[None]]) -> None:
            async with self._slots:
                await item()

        try:
            async with asyncio.TaskGroup() as group:
                for item in work:
                    group.create_task(one(item))
        except* Refused as refusals:
            refused = refusals.exceptions[0]
        if refused is not None:
            raise refused

    async def _register(self, household: int) -> None:
        store = self._chatter.store_of(household)
        name = f"household-{household}"
        member = await self._api.post("/members/v1/members", {"channel": "store", "external_id": name}, key=name)
        member_id = member["id"]
        await self._api.put(f"/engagement/v1/communities/{self._places.communities[store]}/members/{member_id}")
        said = {"purpose": "promo", "version": "demo", "given": household % REFUSING != 0}
        await self._api.post(f"/members/v1/members/{member_id}/consents", said, key=f"consent-{name}")
        identity = {"channel": CHANNEL, "user_id": name, "member_id": member_id}
        await self._api.post("/engagement/v1/channel-identities", {"identities": [identity]}, key=name)
        self._members[household] = member_id

    async def remember(self, households: Iterable[int]) -> None:
        """After a break: find again who the households are. Registering is by name, so nobody is made twice."""

        async def find(household: int) -> None:
            name = f"household-{household}"
            member = await self._api.post("/members/v1/members", {"channel": "store", "external_id": name}, key=name)
            self._members[household] = member["id"]

        await self._each(partial(find, household) for household in households)

    async def _issue(self, target: Target) -> None:
        member_id = self._members[target.household]
        name = f"target-{target.campaign}-{target.household}"
        body = {"template": template_code(target.campaign)}
        await self._api.post(f"/members/v1/members/{member_id}/coupons", body, key=name)

    async def _place(self, basket: Basket) -> None:
        member_id = self._members[basket.household]
        campaign = self._redeemed.get(basket.id)
        body = {
            "member_id": member_id,
            "pickup_point_id": self._places.points[basket.store],
            "lines": [
                {
                    "sku_id": self._places.skus[line.product],
                    "quantity": line.quantity,
                    "amount_minor": line.amount_cents,
                }
                for line in basket.lines
            ],
            "coupon_id": None if campaign is None else await self._coupon(member_id, campaign),
            "collected": True,
            "source": SOURCE,
            "placed_reference": str(basket.id),
        }
        await self._api.post("/orders/v1/assisted-orders", body, key=f"basket-{basket.id}")

    async def _coupon(self, member_id: str, campaign: int) -> str:
        """The member's coupon of the campaign; the same one when the step is done again."""
        coupons = await self._api.pages(f"/members/v1/members/{member_id}/coupons")
        return next(str(coupon["id"]) for coupon in coupons if coupon["template"] == template_code(campaign))

    async def _deliver(self, step: Step) -> None:
        """SYNTHETIC chat of the day, as a channel's webhook would deliver it."""
        if step.chat_day is None:
            return
        messages = [
            {
                "id": f"{step.chat_day}-{chat.household}-{n}",
                "community_id": self._places.communities[chat.store],
                "sender": f"household-{chat.household}",
                "text": text,
                "sent_at": _moment(step.at),
            }
            for chat in self._chatter.on(step.chat_day, iter(self._members))
            for n, text in enumerate(chat.messages)
        ]
        for start in range(0, len(messages), _DELIVERY):
            await self._api.deliver(
                f"/engagement/v1/channels/{CHANNEL}/messages",
                {"messages": messages[start : start + _DELIVERY]},
                delivery_id=f"chat-{step.chat_day}-{start}",
            )


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()
