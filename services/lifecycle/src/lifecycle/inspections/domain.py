"""Inspections 檢查: what is to be known of a policy before it is published, beyond that it can run.

An error is what cannot be as it is written; a warning what may be meant otherwise; a note what is good to know.
"""

from collections.abc import Mapping
from itertools import chain

from lifecycle.inspections.bottlenecks.domain import bottlenecks
from lifecycle.inspections.budgets.domain import budgeted
from lifecycle.inspections.circumstances.domain import NOTHING_KNOWN, Circumstances
from lifecycle.inspections.collisions.domain import collisions
from lifecycle.inspections.loops.domain import loops
from lifecycle.inspections.reachability.domain import unreachable
from lifecycle.inspections.references.domain import missing
from lifecycle.inspections.stays.domain import idle_reentries, outlasting
from lifecycle.inspections.worlds.domain import world_of
from lifecycle.policy.domain import Policy
from lifecycle.text.faults.domain import Fault, Place
from lifecycle.text.places.domain import located

NO_PLACES: Mapping[str, Place] = {}
_NOWHERE = Place(0, 0)


def inspect(
    policy: Policy, told: Circumstances = NOTHING_KNOWN, *, places: Mapping[str, Place] = NO_PLACES
) -> tuple[Fault, ...]:
    """In the order of the document, if `places` says where its parts stand; else by what is inspected."""
    world = world_of(policy)
    findings = chain(
        missing(policy, told),
        unreachable(policy, world),
        outlasting(policy, world),
        idle_reentries(policy),
        bottlenecks(policy),
        collisions(policy),
        loops(policy, world),
        budgeted(policy, told),
    )
    return tuple(sorted((located(each, places) for each in findings), key=lambda each: each.place or _NOWHERE))
