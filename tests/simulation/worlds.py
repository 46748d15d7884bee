"""A world 世界: a script played to its end on a virtual clock, and then long enough for everything to come to rest."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from common.contracts.lifecycle import AssignTask
from lifecycle.members.domain import decode
from lifecycle.stepping.domain import wake_at
from simulation.customers import ACTS, Customers
from simulation.dice import Dice, leaving_order
from simulation.issuing import Members
from simulation.keeping import Kept
from simulation.logs import Log
from simulation.mutants import Mutants
from simulation.operators import Operators
from simulation.policies import policy_at
from simulation.reaching import Engagement
from simulation.reading import lanes_of
from simulation.scripts import OPERATORS, Act, Script
from simulation.spending import Orders
from simulation.workers import Worker

START = datetime(2026, 3, 2, 4, tzinfo=UTC)
"""Noon of a Monday in Shanghai."""
SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
REST = 50 * DAY
"""After the last act: longer than anything that the policies wait for, but for being lost."""
MOST_PULSES = 20_000


@dataclass(frozen=True)
class Note:
    at: datetime
    member: UUID | None
    text: str


class World:
    def __init__(self, script: Script, mutants: Mutants | None = None) -> None:
        self.script, self.mutants = script, mutants or Mutants()
        self.now, self.lag = START, timedelta(0)
        self.dice: Dice = leaving_order()
        self.notes: list[Note] = []
        self.members = [uuid5(UUID(int=0), f"member {script.seed} {number}") for number in range(script.members)]
        lanes = lanes_of(self.members)
        self.kept = Kept()
        self.logs = {name: Log(name) for name in ("engagement", "members", "orders")}
        everything = {**self.logs, "lifecycle": self.kept.log}
        passed_by = self.mutants.name == "undo sent past the issuer"
        heard = [("members",), ("lifecycle", "orders"), ("lifecycle", "members")]
        if passed_by:
            heard[0] = ("lifecycle", "members")
        readers = [{name: everything[name] for name in names} for names in heard]
        self.orders = Orders(self.logs["orders"], readers[0], lanes)
        self.issuer = Members(self.logs["members"], readers[1], lanes, is_passed_by=passed_by)
        self.issuer.asks_no_consent = self.mutants.name == "consent asked at decision alone"
        self.engagement = Engagement(self.logs["engagement"], readers[2], lanes)
        halves = sorted(lanes)[::2], sorted(lanes)[1::2]
        self.workers = [Worker(self.kept, self.logs, self.mutants, set(half)) for half in halves]
        self.customers = Customers(self.issuer, self.orders, self.engagement)
        self.operators = Operators(self.kept, lanes)
        self.operators.install(self.mutants.policy(policy_at(script.policies[0])))

    @property
    def services(self) -> list[Orders | Members | Engagement]:
        return [self.orders, self.issuer, self.engagement]

    @property
    def wall(self) -> datetime:
        """The lifecycle's own clock."""
        return self.now - self.lag

    @property
    def refused(self) -> set[UUID]:
        """The actions of which the books say a final no."""
        rewards = {each for each, reward in self.issuer.rewards.items() if reward.reason is not None}
        return rewards | {each for each, errand in self.engagement.errands.items() if errand.state == "refused"}

    def is_carried_out(self, action_id: UUID, *, sent: bool) -> bool:
        """And not taken back. `sent`: also what is only sent, and cannot be."""
        reward, errand = self.issuer.rewards.get(action_id), self.engagement.errands.get(action_id)
        if reward is not None:
            return reward.reason is None and reward.taken_back not in {"asked", "withdrawn"}
        if errand is None or errand.asked is None or errand.state != "done":
            return False
        return sent or isinstance(errand.asked.action, AssignTask)

    def play(self) -> "World":
        for act in self.script.acts:
            self._pass_to(START + act.minute * MINUTE)
            self.dice = Dice(act.dice) if act.dice else leaving_order()
            self._act(act)
            self._pulse()
        self._recover()
        self._pass_to(self.now + REST)
        self._pulse()
        self._pulse()
        return self

    def note(self, member: UUID | None, text: str | None) -> None:
        if text is not None:
            self.notes.append(Note(self.now, member, text))

    def _act(self, act: Act) -> None:
        whom = self.members[act.whom % len(self.members)]
        if act.kind in ACTS:
            self.note(whom, self.customers.act(act.kind, whom, act.what, self.now))
        elif act.kind in OPERATORS:
            policy = self.mutants.policy(policy_at(self.script.policies[1 + act.whom % 3]))
            self.note(None, self.operators.act(act.kind, act.what, self.wall, policy))
        else:
            self.note(None, self._fail(act))

    def _fail(self, act: Act) -> str | None:
        worker, service = self.workers[act.whom % 2], self.services[act.whom % 3]
        log = [*self.logs.values(), self.kept.log][act.whom % 4]
        until = self.now + (1, 6, 30, 200)[act.what % 4] * HOUR
        match act.kind:
            case "worker dies before commit" | "worker dies after commit":
                worker.dies = "before commit" if act.kind.endswith("before commit") else "after commit"
            case "lane moves":
                self._move_lane(act.what)
            case "timers are lost":
                self._arm_all()
            case "relay is down":
                log.go_down(self.now, until)
                return f"the relay of {log.producer} is down until {until:%d %b %H:%M}"
            case "worker is down":
                worker.down_until = until
                return f"worker {act.whom % 2} is down until {until:%d %b %H:%M}"
            case "service is down":
                service.down_until = until
                return f"{service.log.producer} carry out nothing until {until:%d %b %H:%M}"
            case "event is late":
                log.go_down(self.now, self.now + (act.what % 50) * MINUTE)
            case _:
                self._upset_clock(act, log)
        return act.kind

    def _upset_clock(self, act: Act, log: Log) -> None:
        match act.kind:
            case "clock goes back":
                self.lag = (act.what % 120) * MINUTE
            case "producer is ahead":
                log.skew = (act.what % 5) * MINUTE
            case "producer goes back":
                log.skew = -(act.what % 120) * MINUTE
            case "producer is a year ahead":
                log.skew = 365 * DAY

    def _move_lane(self, number: int) -> None:
        giver, taker = self.workers if number % 2 else self.workers[::-1]
        if giver.lanes:
            lane = sorted(giver.lanes)[number % len(giver.lanes)]
            giver.lanes.discard(lane)
            taker.lanes.add(lane)
            taker.doubt([lane])

    def _arm_all(self) -> None:
        """Every timer is gone, and made again from the members' rows."""
        self.kept.timers.clear()
        for member_id, state in self.kept.members.items():
            if due := wake_at(decode(state)):
                self.kept.timers[member_id] = due

    def _pulse(self) -> bool:
        """Everybody who is up does some of what there is to do."""
        worked = False
        for part in self.dice.mixed([*self.workers, *self.services]):
            is_worker = isinstance(part, Worker)
            worked |= part.work(self.wall if is_worker else self.now, self.dice)
        return worked

    def _pass_to(self, moment: datetime) -> None:
        for _ in range(MOST_PULSES):
            following = min((each for each in self._moments() if each > self.now), default=moment)
            if following >= moment:
                self.now = max(self.now, moment)
                return
            self.now = following
            self._pulse()
        raise AssertionError("the world does not come to rest")

    def _moments(self) -> Iterator[datetime]:
        """When something is to be done next."""
        if any(part.has_news(self.now) for part in [*self.workers, *self.services]):
            yield self.now + MINUTE
        yield from (due + self.lag + SECOND for due in self.kept.timers.values())
        parts = [*self.workers, *self.services, *self.logs.values(), self.kept.log]
        yield from (part.down_until for part in parts if part.down_until is not None)
        if any(not walk.is_finished for walk in self.kept.walks):
            yield self.now + 10 * MINUTE
        if any(errand.state == "queued" for errand in self.engagement.errands.values()):
            yield self.now + 20 * MINUTE

    def _recover(self) -> None:
        """All that failed works again, and what was set aside is replayed."""
        self.dice, self.lag = leaving_order(), timedelta(0)
        parts = [*self.workers, *self.services, *self.logs.values(), self.kept.log]
        for part in parts:
            part.down_until = None
        for log in self.logs.values():
            log.skew = timedelta(0)
        self._pulse()
        while self.kept.letters:
            self.workers[0].replay(self.kept.letters.pop(0), self.now)
