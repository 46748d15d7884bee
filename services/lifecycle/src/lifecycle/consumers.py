"""Everything lifecycle listen to."""

from common.bus.records import Handlers

HANDLERS = Handlers({})
