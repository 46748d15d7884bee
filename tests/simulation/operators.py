"""What operators do to the policy: prepared, published, rolled back, abandoned; rules paused and resumed,
and brought to members who are there.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from lifecycle.engine.domain import compiled
from lifecycle.policy.domain import Policy
from lifecycle.publishing.changes.domain import Change, ChangeKind
from lifecycle.publishing.domain import renumbered
from lifecycle.publishing.enrolments.domain import Among
from lifecycle.publishing.service import FIRM, MARGIN
from lifecycle.publishing.versions.domain import ALWAYS
from simulation.keeping import Enrolment, Kept, Walk

LATER = (0, 0, 0, 1, 30, 24 * 60)
"""Minutes."""


@dataclass
class Operators:
    kept: Kept
    lanes: Collection[int]
    enrolments: int = 0

    def install(self, policy: Policy) -> None:
        number = self._store(policy)
        self._record("prepared", version=number)
        self._record("published", version=number, effective_at=ALWAYS)

    def act(self, kind: str, number: int, now: datetime, policy: Policy) -> str | None:
        match kind:
            case "prepares":
                return self._prepare(policy)
            case "publishes":
                return self._publish(number, now) or self._prepare(policy)
            case "rolls back":
                published = self.kept.in_force.published
                return self._prepare(self.kept.policies[published[number % len(published)][0]])
            case "abandons":
                return self._abandon(number, now)
            case "enrols":
                return self._enrol(number, now)
            case "stops enrolling":
                return self._stop()
        return self._switch(number, paused=kind == "pauses")

    def _prepare(self, policy: Policy) -> str:
        state = self.kept.in_force
        candidates = [state.published[-1][0], *state.prepared]
        live = [self.kept.policies[each] for each in candidates if self.kept.is_filled(each)]
        version = self._store(renumbered(policy, live=live, **self._given()))
        self._record("prepared", version=version)
        counted = {place for each in live for place in compiled(each).numbers.values()}
        if set(compiled(self.kept.policies[version]).numbers.values()) - counted:
            self._walk(version, "backfill")
            return f"prepare version {version}, to be back-filled"
        return f"prepare version {version}"

    def _publish(self, number: int, now: datetime) -> str | None:
        state = self.kept.in_force
        ready = [each for each in state.prepared if self.kept.is_filled(each)]
        if not ready or state.published[-1][1] > now:
            return None
        version = ready[number % len(ready)]
        moment = now + MARGIN + timedelta(minutes=LATER[number % len(LATER)])
        self._record("published", version=version, effective_at=moment)
        self._walk(version, "sweep")
        return f"publish version {version}, to take effect at {moment:%d %b %H:%M:%S}"

    def _abandon(self, number: int, now: datetime) -> str | None:
        """Also what is published and to come."""
        state = self.kept.in_force
        found = [*state.prepared, *(each for each, moment in state.published if moment > now + FIRM)]
        if not found:
            return None
        version = found[number % len(found)]
        self._record("abandoned", version=version)
        self.kept.walks = [walk for walk in self.kept.walks if walk.what_for != version]
        return f"abandon version {version}"

    def _switch(self, number: int, *, paused: bool) -> str | None:
        state = self.kept.in_force
        rules = [rule.id for rule in self.kept.policies[state.published[-1][0]].rules]
        found = [rule for rule in rules if (rule in state.paused) is not paused]
        if not found:
            return None
        rule = found[number % len(found)]
        self._record("paused" if paused else "resumed", rule=rule)
        return f"{'pause' if paused else 'resume'} {rule}"

    def _enrol(self, number: int, now: datetime) -> str:
        """By the version in force."""
        policy = self.kept.policies[self._version_at(now)]
        rule = policy.rules[number % len(policy.rules)].id
        stages = [None, *(value.name for value in policy.stages)]
        among = Among(stage=stages[number % len(stages)])
        self.enrolments += 1
        enrolment = Enrolment(uuid5(UUID(int=0), f"enrolment {self.enrolments}"), rule, among)
        self._walk(enrolment, "enrolment")
        return f"bring {rule} to {among.stage or 'everybody'}"

    def _stop(self) -> str | None:
        """Whoever was not reached is not."""
        enrolling = [walk for walk in self.kept.walks if walk.kind == "enrolment" and not walk.is_finished]
        self.kept.walks = [walk for walk in self.kept.walks if walk not in enrolling]
        return "stop enrolling" if enrolling else None

    def _version_at(self, now: datetime) -> int:
        return max((moment, version) for version, moment in self.kept.in_force.published if moment <= now)[1]

    def _store(self, policy: Policy) -> int:
        number = len(self.kept.policies) + 1
        self.kept.policies[number] = policy
        return number

    def _given(self) -> dict[str, int]:
        """The greatest numbers ever given."""
        policies = self.kept.policies.values()
        return {
            "metrics_given": max(metric.number for policy in policies for metric in policy.metrics),
            "attributes_given": max((each.number for policy in policies for each in policy.attributes), default=0),
        }

    def _walk(self, what_for: int | Enrolment, kind: str) -> None:
        self.kept.walks += [Walk(what_for, kind, lane) for lane in sorted(self.lanes)]

    def _record(
        self,
        kind: ChangeKind,
        *,
        version: int | None = None,
        rule: str | None = None,
        effective_at: datetime | None = None,
    ) -> None:
        revision = self.kept.revision + 1
        self.kept.record(Change(revision=revision, kind=kind, version=version, rule=rule, effective_at=effective_at))
