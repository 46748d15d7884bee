from collections.abc import Sequence

from common.bus.records import Received
from common.contracts.members import CouponIssued, CouponRecalled
from common.db import UnitOfWork
from orders.coupons import service


async def keep_issued_coupons(uow: UnitOfWork, received: Sequence[Received[CouponIssued]]) -> None:
    await service.keep(uow, [item.event for item in received])


async def take_back_recalled_coupons(uow: UnitOfWork, received: Sequence[Received[CouponRecalled]]) -> None:
    await service.recall(uow, received)
