import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from demo.api import Api, Refused
from demo.chatter import Chatter
from demo.feeding import AT_ONCE, Feeding
from demo.places import Places
from demo.steps import Step
from factories.journey import Row, journey


class Refusing(Api):
    """Places no order; what was sent at the same time is still under way."""

    def __init__(self) -> None:
        self.asked = 0

    async def post(self, path: str, _: Mapping[str, Any], *, key: str) -> Any:
        self.asked += 1
        if self.asked > 1:
            await asyncio.Event().wait()
        raise Refused(f"{path} {key}")


async def test_the_first_refusal_ends_the_step_and_is_what_is_told(tmp_path: Path) -> None:
    small = journey(tmp_path, [Row(n, household=1, at="2017-03-01 09:00") for n in range(3 * AT_ONCE)])
    api = Refusing()

    async def settle() -> None: ...

    feeding = Feeding(
        api=api,
        places=Places({300: "point"}, {300: "community"}, {1: "sku"}),
        chatter=Chatter(seed=1, stores={}),
        redeemed={},
        settle=settle,
    )
    feeding._members[1] = "member"

    with pytest.raises(Refused, match="/orders/v1/assisted-orders basket-0"):
        await feeding.carry_out(Step(small.moment(small._times[0]), baskets=list(small.baskets())))
    assert api.asked < 3 * AT_ONCE
