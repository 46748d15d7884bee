"""Everything lifecycle listens to: what the policy counts, takes back and is triggered by, and what became of its actions."""

from collections.abc import Iterable

from common.bus.records import Handlers
from lifecycle.actions.domain import OUTCOMES
from lifecycle.batches.handlers import step_members
from lifecycle.default_policy import DEFAULT_POLICY
from lifecycle.events.domain import EVENTS
from lifecycle.policy.domain import Policy
from lifecycle.rulebook.domain import On


def events_of(policy: Policy) -> Iterable[str]:
    for metric in policy.metrics:
        yield from metric.every_event
    yield from (source.event for source in policy.attributes)
    for rule in policy.rules:
        if isinstance(rule.trigger, On):
            yield rule.trigger.event


# One handler for all of them: a member's events are stepped in the order in which they were read. Facts commute, so an event
# that waits as a dead letter holds up nobody.
HANDLERS = Handlers(
    {EVENTS[name]: step_members for name in sorted({*events_of(DEFAULT_POLICY), *OUTCOMES})}, ordered=False
)
