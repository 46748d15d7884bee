"""What the business counts here."""

from prometheus_client import CollectorRegistry, Counter, Gauge


class EngagementMetrics:
    def __init__(self, registry: CollectorRegistry) -> None:
        self.chat_messages = Counter(
            "engagement_chat_messages",
            "Chat messages delivered, by what became of them",
            ["channel", "outcome"],
            registry=registry,
        )
        self.deliveries_refused = Counter(
            "engagement_deliveries_refused", "Deliveries whose signature did not hold", ["channel"], registry=registry
        )
        self.memberships = Counter(
            "engagement_memberships", "Communities joined and left", ["change"], registry=registry
        )
        self.checkins = Counter("engagement_checkins", "Check-ins", registry=registry)
        self.messages = Counter("engagement_messages", "Messages sent", ["template", "channel"], registry=registry)
        self.errands = Counter(
            "engagement_errands",
            "What the lifecycle asked for: done, queued, or the reason why not",
            ["kind", "outcome"],
            registry=registry,
        )
        self.tasks_closed = Counter("engagement_tasks_closed", "Tasks closed", ["team", "outcome"], registry=registry)
        self.tasks_overdue = Gauge(
            "engagement_tasks_overdue", "Tasks that should be closed and are not", ["team"], registry=registry
        )
        self.webhook_attempts = Counter(
            "engagement_webhook_attempts", "Attempts to deliver webhooks", ["endpoint", "verdict"], registry=registry
        )
        self.complaints = Counter(
            "engagement_complaints", "Complaints opened and closed", ["topic", "change"], registry=registry
        )
