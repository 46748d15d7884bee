"""What the business counts."""

from prometheus_client import CollectorRegistry, Counter


class OrderMetrics:
    def __init__(self, registry: CollectorRegistry) -> None:
        self.placed = Counter("orders_placed", "Orders placed", ["channel"], registry=registry)
        self.confirmed = Counter(
            "orders_confirmed", "Orders paid, or with nothing to pay", ["channel"], registry=registry
        )
        self.paid_minor = Counter(
            "orders_paid_minor", "Money received for orders, in minor units", ["currency"], registry=registry
        )
