from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Audience:
    """What stands in the way of doing something for members: who is erased, and which (member, purpose) are consented to."""

    erased: frozenset[UUID]
    permitted: frozenset[tuple[UUID, str]]

    def allows(self, member_id: UUID, purpose: str | None) -> bool:
        """Whether the member consents to it; to no purpose everybody does."""
        return purpose is None or (member_id, purpose) in self.permitted
