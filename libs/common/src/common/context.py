"""What accompanies a request or an event through the code: its correlation id."""

from contextvars import ContextVar

correlation_id: ContextVar[str | None] = ContextVar("correlation_id", default=None)
"""In from the HTTP header or the event, through logs and events, out in the response."""
