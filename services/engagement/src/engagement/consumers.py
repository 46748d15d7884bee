"""Everything engagement listen to."""

from common.bus.records import Handlers

HANDLERS = Handlers({})
