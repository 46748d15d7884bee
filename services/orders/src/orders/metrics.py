"""What the business counts."""

from prometheus_client import CollectorRegistry, Counter


class OrderMetrics:
    def __init__(self, registry: CollectorRegistry) -> None:
        self._placed = Counter("orders_placed", "Orders placed", ["channel"], registry=registry)
        self._confirmed = Counter(
            "orders_confirmed", "Orders paid, or with nothing to pay", ["channel"], registry=registry
        )
        self._paid_minor = Counter(
            "orders_paid_minor", "Money received for orders, in minor units", ["currency"], registry=registry
        )

    def count_placed(self, channel: str) -> None:
        self._placed.labels(channel).inc()

    def count_confirmed(self, channel: str, *, paid_minor: int, currency: str) -> None:
        self._confirmed.labels(channel).inc()
        self._paid_minor.labels(currency).inc(paid_minor)
