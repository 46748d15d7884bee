"""What engagement counts beside the events that it tells."""

from prometheus_client import CollectorRegistry, Counter

from engagement.chat.schemas import DeliveryTaken


class EngagementMetrics:
    def __init__(self, registry: CollectorRegistry) -> None:
        self._messages = Counter(
            "engagement_chat_messages",
            "Chat messages delivered, by what became of them",
            ["channel", "outcome"],
            registry=registry,
        )
        self.deliveries_refused = Counter(
            "engagement_deliveries_refused", "Deliveries whose signature did not hold", ["channel"], registry=registry
        )

    def count_delivery(self, channel: str, taken: DeliveryTaken) -> None:
        """A delivery that was carried out, not its repetition."""
        outcomes = {
            "counted": taken.stored - taken.unknown_senders,
            "unknown_sender": taken.unknown_senders,
            "repeated": taken.repeated,
            "unknown_community": taken.unknown_communities,
            "untimely": taken.untimely,
        }
        for outcome, messages in outcomes.items():
            if messages:
                self._messages.labels(channel, outcome).inc(messages)
