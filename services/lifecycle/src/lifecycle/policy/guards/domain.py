"""Guards 防護: what stands between a rule and a member, whatever the rule: refusals, consent, quiet hours, caps, holdouts."""

from typing import Annotated

import msgspec

from common.contracts.event import Code
from lifecycle.conditions.expressions.domain import Condition
from lifecycle.policy.caps.domain import Cap
from lifecycle.policy.holdouts.domain import Holdout
from lifecycle.policy.quiet.domain import Quiet


class SendClass(msgspec.Struct, frozen=True, kw_only=True):
    """What is sent alike: a promotion, a service message. Caps name it."""

    name: Code
    refuse_if: Condition | None = None
    """Who is in this state is sent nothing of the class."""
    consent: Code | None = None
    """The purpose that the member must have consented to: the attribute `consent_<purpose>` must be told as yes."""
    quiet: bool = True
    """Whether quiet hours hold for it."""
    held_out: bool = True
    """Whether the policy's holdout holds for it."""


class Guards(msgspec.Struct, frozen=True, kw_only=True):
    classes: tuple[SendClass, ...] = ()
    caps: tuple[Cap, ...] = ()
    quiet: Quiet | None = None
    holdout: Holdout | None = None
    """Who is held out of every rule whose class it holds for."""
    causation_depth: Annotated[int, msgspec.Meta(ge=1, le=100)] = 4
    """How many actions may follow from one another: one by the outcome of the one before."""
