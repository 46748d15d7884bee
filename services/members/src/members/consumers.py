"""Everything members listen to."""

from common.bus.records import Handlers
from common.contracts.lifecycle import ActionRequested
from members.rewards.handlers import on_action_requested

HANDLERS = Handlers({ActionRequested: on_action_requested})
