"""What only orders hold while they run: their settings, the payment providers, the business's counters."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from fastapi import Depends, Request

from common.runtime import Runtime
from orders.adapters.providers import DEVELOPMENT, DevelopmentProvider, PaymentProvider
from orders.metrics import OrderMetrics
from orders.settings import OrdersSettings


@dataclass(frozen=True, slots=True)
class Resources:
    currency: str
    pay_window: timedelta
    providers: Mapping[str, PaymentProvider]
    metrics: OrderMetrics


@asynccontextmanager
async def build_resources(runtime: Runtime) -> AsyncIterator[Resources]:
    settings = runtime.settings
    if not isinstance(settings, OrdersSettings):
        raise TypeError("orders run with OrdersSettings")
    providers: dict[str, PaymentProvider] = {}
    if settings.development:
        providers[DEVELOPMENT] = DevelopmentProvider(settings.development_payment_secret.get_secret_value())
    yield Resources(
        currency=settings.currency,
        pay_window=timedelta(minutes=settings.pay_deadline_minutes),
        providers=providers,
        metrics=OrderMetrics(runtime.registry),
    )


async def get_resources(request: Request) -> Resources:
    resources: Resources = request.app.state.runtime.resources
    return resources


CurrentResources = Annotated[Resources, Depends(get_resources)]
