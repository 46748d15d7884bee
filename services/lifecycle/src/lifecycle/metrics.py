"""What lifecycle counts of its work. Members are counted by the database; no label tells of one of them."""

from collections import Counter as Tally
from collections.abc import Callable, Iterable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from lifecycle.standing.transitions.domain import Transition
from lifecycle.stepping.decisions.domain import Decision

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600, 3600)
ACTED = "acted"


class LifecycleMetrics:
    def __init__(self, registry: CollectorRegistry) -> None:
        self.members = Gauge(
            "lifecycle_members", "Members by where they stand", ["dimension", "value"], registry=registry
        )
        self.waiting = Gauge(
            "lifecycle_waiting_events", "Events read that wait until time is known to be complete", registry=registry
        )
        self.forwarded = Gauge(
            "lifecycle_forwarded_events", "Events on their way to another lane; time waits for them", registry=registry
        )
        self.steps = Counter("lifecycle_steps", "Events that moved a member", registry=registry)
        self.woken = Counter("lifecycle_members_woken", "Members moved because time passed", registry=registry)
        self.failures = Counter(
            "lifecycle_wakes_failed", "Members who could not be moved by time and were put off", registry=registry
        )
        self.walk_failures = Counter(
            "lifecycle_walks_failed",
            "Stretches of a walk over members that failed and are tried again",
            registry=registry,
        )
        self._transitions = Counter(
            "lifecycle_transitions", "Values entered", ["dimension", "value", "cause"], registry=registry
        )
        self._decisions = Counter(
            "lifecycle_decisions",
            "What became of a rule's occasions: acted, or the reason why not",
            ["rule", "outcome"],
            registry=registry,
        )
        self._event_to_action = Histogram(
            "lifecycle_event_to_action_seconds",
            "From an event's appending to the asking for what it triggered",
            buckets=_SECONDS,
            registry=registry,
        )
        self._watermark_age = Gauge(
            "lifecycle_watermark_age_seconds",
            "How far the time up to which every producer has been read lies behind the clock: it moves nobody beyond that",
            registry=registry,
        )

    def watch_watermark(self, age_seconds: Callable[[], float]) -> None:
        """`age_seconds` is asked whenever somebody looks."""
        self._watermark_age.set_function(age_seconds)

    def show_members(self, counts: Mapping[str, Mapping[str, int]]) -> None:
        """Dimension → value → members."""
        for dimension, values in counts.items():
            for value, members in values.items():
                self.members.labels(dimension, value).set(members)

    def count(
        self,
        *,
        transitions: Iterable[Transition],
        decisions: Iterable[Decision],
        event_to_action_seconds: Iterable[float],
    ) -> None:
        entered = Tally((each.dimension, each.current, each.cause) for each in transitions if each.current)
        for labels, count in entered.items():
            self._transitions.labels(*labels).inc(count)
        decided = Tally((decision.rule, decision.reason or ACTED) for decision in decisions)
        for outcome, count in decided.items():
            self._decisions.labels(*outcome).inc(count)
        for seconds in event_to_action_seconds:
            self._event_to_action.observe(seconds)
