"""What the business counts here."""

from prometheus_client import CollectorRegistry, Counter


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
        self.messages_refused = Counter(
            "engagement_messages_refused",
            "Messages that the lifecycle asked for in vain",
            ["reason"],
            registry=registry,
        )
