"""A law that does not hold in a world."""

from uuid import UUID


class LawBroken(AssertionError):
    def __init__(self, law: int, text: str, *, member: UUID | None = None) -> None:
        super().__init__(f"law {law}: {text}")
        self.law, self.member = law, member


def hold(truth: object, law: int, text: str, *, member: UUID | None = None) -> None:
    if not truth:
        raise LawBroken(law, text, member=member)
