"""The ledger of points 積分: what a posting does to a balance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

Kind = Literal["earn", "adjust", "reverse"]

MOST = 1_000_000_000
"""Points of one posting; more is a mistake."""


@dataclass(frozen=True, slots=True)
class Account:
    """A member's sum of entries, and how many those are."""

    balance: int = 0
    entries: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """Points to add, or with a minus to take; `reason` and `business_id` say what for, once."""

    member_id: UUID
    kind: Kind
    points: int
    reason: str
    business_id: str
    reverses: UUID | None = None

    def __post_init__(self) -> None:
        if abs(self.points) > MOST:
            raise ValueError(f"{self.points} points at once; at most {MOST}")

    @property
    def key(self) -> tuple[UUID, str, str]:
        return self.member_id, self.reason, self.business_id


def inverse_of(entry: Mapping[str, Any]) -> Posting:
    """What takes back an entry of the ledger, whole."""
    return Posting(
        member_id=entry["member_id"],
        kind="reverse",
        points=-entry["points"],
        reason=entry["reason"],
        business_id=f"reverse:{entry['id']}",
        reverses=entry["id"],
    )


@dataclass(frozen=True, slots=True)
class Line:
    """A posting as it stands in the ledger: the member's nth, and the balance after it."""

    number: int
    balance: int


def settle(accounts: Mapping[UUID, Account], postings: Sequence[Posting]) -> list[Line | None]:
    """Post one after the other. None: the balance does not suffice, and the posting changes nothing."""
    current = dict(accounts)
    lines: list[Line | None] = []
    for posting in postings:
        account = current.get(posting.member_id, Account())
        balance = account.balance + posting.points
        if balance < 0:
            lines.append(None)
        else:
            current[posting.member_id] = Account(balance, account.entries + 1)
            lines.append(Line(account.entries + 1, balance))
    return lines
