"""What the business counts here."""

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter

from common.errors import AppError


class MemberMetrics:
    def __init__(self, registry: CollectorRegistry) -> None:
        self.registered = Counter("members_registered", "Members made", registry=registry)
        self.sign_ins = Counter("members_sign_ins", "Sign-ins", ["provider"], registry=registry)
        self.coupons_issued = Counter(
            "members_coupons_issued", "Coupons issued", ["template", "source"], registry=registry
        )
        self.coupons_refused = Counter(
            "members_coupons_refused",
            "Coupons asked for over HTTP and not given",
            ["source", "reason"],
            registry=registry,
        )
        self.points = Counter("members_points", "Points posted, without their sign", ["kind"], registry=registry)
        self.rewards = Counter(
            "members_rewards",
            "Rewards that the lifecycle asked for: granted, or the reason why not",
            ["kind", "outcome"],
            registry=registry,
        )

        self.withdrawals = Counter(
            "members_withdrawals",
            "Rewards that the lifecycle wanted back: withdrawn, or the reason why they stay",
            ["outcome"],
            registry=registry,
        )

    @contextmanager
    def counting_refusals(self, source: str) -> Iterator[None]:
        """Count what stands in the way of a coupon that is asked for inside."""
        try:
            yield
        except AppError as error:
            self.coupons_refused.labels(source, error.code).inc()
            raise
