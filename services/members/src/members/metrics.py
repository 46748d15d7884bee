"""What the business counts here, beside the events that it tells."""

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter

from common.errors import AppError


class MemberMetrics:
    def __init__(self, registry: CollectorRegistry) -> None:
        self.sign_ins = Counter("members_sign_ins", "Sign-ins", ["provider"], registry=registry)
        self._coupons_refused = Counter(
            "members_coupons_refused", "Coupons asked for and not given", ["source", "reason"], registry=registry
        )

    @contextmanager
    def counting_refusals(self, source: str) -> Iterator[None]:
        """Count what stands in the way of a coupon that is asked for inside."""
        try:
            yield
        except AppError as error:
            self._coupons_refused.labels(source, error.code).inc()
            raise
