"""Everything engagement listens to."""

from common.bus.records import Handlers
from common.contracts.lifecycle import ActionRequested
from engagement.messages.handlers import on_action_requested

HANDLERS = Handlers({ActionRequested: on_action_requested})
