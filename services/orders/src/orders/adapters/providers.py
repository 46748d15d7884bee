"""Who moves money: one port, several providers. Calls happen between units of work, never inside one."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, Protocol
from uuid import UUID

import msgspec

from orders.errors import CallbackRejected
from orders.quotes.domain import LARGEST_ORDER_MINOR

Outcome = Literal["paid", "closed", "unknown"]
RefundOutcome = Literal["succeeded", "failed", "pending"]

DEVELOPMENT = "development"
OFFLINE = "offline"
"""Stands where a provider's name does for money that an operator took, and gives back, by hand. Nobody is asked then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What a provider says of a payment. `unknown`: it cannot tell yet, so nothing may be released."""

    payment_id: UUID
    outcome: Outcome
    transaction_id: str = ""
    amount_minor: int = 0
    currency: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payable:
    """What is to be paid."""

    payment_id: UUID
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Repayable:
    """What is to be paid back. The provider knows it by `refund_id`, so that a repeat pays nothing more."""

    refund_id: UUID
    payment_id: UUID
    transaction_id: str
    amount_minor: int
    currency: str


class DevelopmentCallback(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the development provider's callback says, with the token that paying began with."""

    payment_id: UUID
    token: str
    outcome: Outcome
    transaction_id: Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9_-]{1,64}$")]
    amount_minor: Annotated[int, msgspec.Meta(ge=0, le=LARGEST_ORDER_MINOR)]
    currency: Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")]


_callbacks = msgspec.json.Decoder(DevelopmentCallback)

CALLBACK_SCHEMA = msgspec.json.schema_components([DevelopmentCallback])[1]["DevelopmentCallback"]
"""The JSON Schema of a callback, for the API's document: its body is read raw, as signatures need it."""


class PaymentProvider(Protocol):
    """All calls but `read_callback` may raise Unavailable, and may be repeated."""

    async def open(self, payable: Payable) -> dict[str, str]:
        """Begin the payment; what a front end needs to let the member pay."""
        ...

    def read_callback(self, body: bytes, headers: Mapping[str, str]) -> Notice:
        """Verify a callback. Raises CallbackRejected."""
        ...

    async def close(self, payment_id: UUID) -> Notice:
        """Let nobody pay this any more, and say what became of it."""
        ...

    async def refund(self, repayable: Repayable) -> RefundOutcome: ...


class DevelopmentProvider:
    """Moves no money. Whoever got the instructions of a payment can pay it, by sending them back as a callback."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    async def open(self, payable: Payable) -> dict[str, str]:
        return {"token": self._token(payable.payment_id)}

    def read_callback(self, body: bytes, headers: Mapping[str, str]) -> Notice:  # noqa: ARG002 - the port's signature
        try:
            callback = _callbacks.decode(body)
        except msgspec.DecodeError as error:
            raise CallbackRejected(f"body: {error}") from error
        if not hmac.compare_digest(callback.token.encode(), self._token(callback.payment_id).encode()):
            raise CallbackRejected("token: it is not the one given for this payment")
        return Notice(
            payment_id=callback.payment_id,
            outcome=callback.outcome,
            transaction_id=callback.transaction_id,
            amount_minor=callback.amount_minor,
            currency=callback.currency,
        )

    async def close(self, payment_id: UUID) -> Notice:
        return Notice(payment_id=payment_id, outcome="closed")

    async def refund(self, repayable: Repayable) -> RefundOutcome:  # noqa: ARG002 - the port's signature
        return "succeeded"

    def _token(self, payment_id: UUID) -> str:
        return hmac.digest(self._secret, payment_id.bytes, hashlib.sha256).hex()
