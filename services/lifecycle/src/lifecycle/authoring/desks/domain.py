"""A desk 案頭: the draft of a policy that is being read, what its conditions may name, and the faults found so far."""

from dataclasses import dataclass, field

import msgspec

from lifecycle.authoring.clauses.domain import Written
from lifecycle.authoring.declarations.domain import counted, kind_of_attribute
from lifecycle.authoring.drafts.domain import Draft
from lifecycle.conditions.checking.domain import read_condition
from lifecycle.conditions.expressions.domain import Always, Condition
from lifecycle.conditions.scopes.domain import AskedIn, Scope
from lifecycle.text.faults.domain import Fault, Place, Said, Text


@dataclass(frozen=True)
class Desk:
    draft: Draft
    faults: list[Fault] = field(default_factory=list)

    def tell(self, text: Text, path: str, **values: Said) -> None:
        self.faults.append(Fault(text=text, path=path, values=values))

    def scope(self, asked_in: AskedIn) -> Scope:
        draft = self.draft
        return Scope(
            asked_in=asked_in,
            metrics={name: counted(metric) for name, metric in draft.metrics.items()},
            attributes={name: kind_of_attribute(attribute) for name, attribute in draft.attributes.items()},
            stages=tuple(draft.stages),
            health=tuple(draft.health),
            segments=tuple(draft.segments),
            holidays=bool(draft.holidays),
        )

    def condition(self, written: Written | None, scope: Scope) -> Condition:
        """What is written, or always; a fault in it is told where it stands in the document."""
        if written is None:
            return Always()
        text = written.scalar.text
        found = read_condition(text, scope)
        for fault in found.faults:
            place = written.scalar.at(_offset(text, fault.place or Place(1, 1)))
            self.faults.append(msgspec.structs.replace(fault, path=written.path, place=place))
        return found.condition or Always()


def _offset(text: str, place: Place) -> int:
    """Where in the text a line and column are."""
    return sum(len(line) + 1 for line in text.split("\n")[: place.line - 1]) + place.column - 1
