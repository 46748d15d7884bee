"""A script 劇本: who does what in a world, what fails, and when; all of it drawn from one seed before the world begins.

Shrinking takes steps away, so nothing in a step may need that another one is there.
"""

from collections.abc import Sequence

import msgspec

from simulation.dice import Dice

MEMBERS = (
    *("registers", "orders", "orders", "orders", "voids", "refunds", "chats", "checks in", "joins"),
    *("consents", "consents", "withdraws consent", "spends coupon", "spends points"),
    *("tells birthday", "tells zone", "complains", "closes complaint"),
)
OPERATORS = (
    *("prepares", "publishes", "publishes", "publishes", "publishes", "rolls back", "abandons"),
    *("pauses", "resumes", "enrols", "enrols", "stops enrolling"),
)
FAULTS = (
    *("worker dies before commit", "worker dies after commit", "worker dies after commit"),
    *("lane moves", "lane moves", "timers are lost"),
    *("relay is down", "relay is down", "worker is down", "service is down", "service is down", "event is late"),
)
CLOCK_FAULTS = ("clock goes back", "producer is ahead", "producer goes back", "producer is a year ahead", "set aside")

DAY = 24 * 60


class Act(msgspec.Struct, frozen=True):
    """One thing that is done. `whom` and `what` choose among what there is then."""

    kind: str
    minute: int
    """After the beginning."""
    whom: int = 0
    what: int = 0
    dice: int = 0
    """From here on; 0: nothing is left to chance."""


class Script(msgspec.Struct, frozen=True):
    seed: int
    members: int
    policies: tuple[int, ...]
    """The first one lived by, then those that operators may prepare."""
    acts: tuple[Act, ...]

    @property
    def has_wrong_clocks(self) -> bool:
        return any(act.kind in CLOCK_FAULTS for act in self.acts)


def script_of(seed: int) -> Script:
    dice = Dice(seed)
    kinds = [*_often(dice, MEMBERS, 50), *_often(dice, OPERATORS, 14), *_often(dice, FAULTS, 20)]
    if dice.chance(0.2):
        kinds += _often(dice, CLOCK_FAULTS, 3)
    days, members = dice.pick([3, 20, 60]), 1 + dice.upto(3)
    begin = [
        Act(kind, dice.upto(DAY), whom=number, what=dice.upto(999), dice=1 + dice.upto(999_999))
        for number in range(members)
        for kind in ("registers", "consents")
        if dice.chance(0.7)
    ]
    acts = [
        Act(
            kind,
            _minute(dice, days),
            whom=dice.upto(11),
            what=dice.upto(999),
            dice=1 + dice.upto(999_999),
        )
        for kind in kinds
    ]
    return Script(
        seed=seed,
        members=members,
        policies=tuple(dice.upto(99_999) for _ in range(4)),
        acts=tuple(sorted([*begin, *acts], key=lambda act: act.minute)),
    )


def _often(dice: Dice, kinds: Sequence[str], most: int) -> list[str]:
    return [dice.pick(kinds) for _ in range(dice.upto(most))]


def _minute(dice: Dice, days: int) -> int:
    """Mostly by day, now and then at a midnight of the business."""
    day, minute = dice.upto(days), dice.upto(DAY - 1)
    return day * DAY + (12 * 60 if dice.chance(0.1) else minute)
