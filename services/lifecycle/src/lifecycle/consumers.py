"""Everything lifecycle listens to: all that happens to members, since any policy may count it, now or later."""

from common.bus.records import Handlers
from lifecycle.batches.handlers import step_members
from lifecycle.facts.events.domain import EVENTS, FORWARDED

# One handler for all of them: a member's events are stepped in the order in which they were read. Facts commute, so an event
# that waits as a dead letter holds up nobody.
# Most of a batch is done once for all of it, so it is large: 2,000 events take a third of a second.
HANDLERS = Handlers(
    dict.fromkeys((*EVENTS.values(), *FORWARDED), step_members),
    ordered=False,
    handed_over=frozenset({"lifecycle"}),
    at_once=2_000,
)
