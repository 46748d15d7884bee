"""Many boxes: relays bring a producer's outbox to Kafka (`relay`, `relaying`), a group applies it from there (`offsets`).

Modelled: two relays, of which one may be a zombie; batches acknowledged, acknowledged in vain, and late; a broker that loses
what it acknowledged; members that commit effects and offset row together, any of them for any partition at any time, as
happens around a rebalance; everything that happens to the producer's server; an operator (`operating`).

Checked: no event is applied twice; events of a key are applied in the order of the producer's history; *complete to T* is
not heard before every event appended at or before T was applied; an alarm has a cause, and ends; an event is given up only
if the producer has forgotten it too; and at rest everything was applied that the producer has, and nothing else but what an
operator was told of.

Not modelled: marks (`reading`), handlers (`dead_letters`, `deploying`), several producers on a lane, an old server that still
takes writes after a failover, a restore of the group's own database.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from model.broker import LOSSES, Partition, lose
from model.kafka_world import Member, World, put
from model.offsets import CHAIN_RULES, ChainRules, Offset
from model.operating import Operating
from model.producer import PRODUCER_RULES, START, Producer, ProducerRules, RelayRow
from model.relay import RELAY_RULES, RelayRules
from model.relaying import Relaying
from model.search import NO_FAULTS, Faults, Step

BATCH = 2
COPIED = {"restore", "fail over", "restore in place"}
PRUNED = {"prune", "prune at midnight"}
SERVER_FAULTS = {"restart", "dump", "slow dump", *PRUNED, *COPIED}
NOTHING = Producer()


@dataclass(frozen=True)
class KafkaBus:
    """The defaults are the protocol; each other value takes one of its rules away."""

    events: int = 2
    members: int = 1
    prompt: bool = False  # a smaller scope: a batch that was fetched is committed before anything else happens
    zombies: bool = True  # a relay whose database is gone goes on for a while
    timed: bool = False  # T is found out and told
    faults: Faults = NO_FAULTS
    producer: ProducerRules = PRODUCER_RULES
    relay: RelayRules = RELAY_RULES
    chain: ChainRules = CHAIN_RULES
    commit: Literal["together", "effects first", "offset first"] = "together"
    fence: Literal["row locked and compared", "row compared, then locked", "none"] = "row locked and compared"
    drained: bool = True  # partitions are added when all was relayed and applied, and no relay runs
    begun: Producer = NOTHING  # what there was when the group began, or changed its bus
    applied: tuple[int, ...] = ()
    offsets: tuple[Offset, ...] = ()

    def initial(self) -> World:
        count = self.relay.partitions
        server = self.begun.server._replace(relay=RelayRow(heads=(START,) * count))
        return World(
            producer=self.begun._replace(server=server),
            faults=self.faults,
            first_faults=self.faults.left,
            topic=(Partition(),) * count,
            offsets=self.offsets or (Offset(),) * count,
            complete=(0,) * count,
            rewound=(False,) * count,
            members=(None,) * self.members,
            applied=self.applied,
        )

    @property
    def relaying(self) -> Relaying:
        return Relaying(self.relay, timed=self.timed)

    @property
    def operating(self) -> Operating:
        kinds = set(self.faults.kinds)
        losses, forks = bool(kinds & {*LOSSES, *SERVER_FAULTS}), bool(kinds & COPIED)
        return Operating(self.relay, self.chain, self.relaying, losses=losses, forks=forks)

    def steps(self, world: World) -> Iterator[Step[World]]:
        busy = [(number, member) for number, member in enumerate(world.members) if member is not None]
        for number, member in busy:
            yield self._consume(world, number, member)
        if busy and self.prompt:
            return
        for step in self.producer.steps(world.producer, events=self.events):
            yield Step(step.name, world._replace(producer=step.state), step.optional)
        yield from self.relaying.steps(world)
        if None in world.members:
            yield from self._fetch(world, world.members.index(None))
        yield from self.operating.steps(world)
        yield from self._disturb(world)
        yield from self._grow(world)

    def _fetch(self, world: World, number: int) -> Iterator[Step[World]]:
        for partition, offset in enumerate(world.offsets):
            log = world.topic[partition]
            again = world._replace(offsets=put(world.offsets, partition, offset._replace(next=log.start)))
            if offset.fork is not None:
                continue
            if not log.start <= offset.next <= log.end:
                yield Step(f"partition {partition}: offset {offset.next} is out of range, read from {log.start}", again)
            elif records := log.read(offset.next, BATCH):
                name = f"member {number} fetches partition {partition} from {offset.next}"
                yield Step(name, world.hold(number, Member(partition, offset, records)))
            elif self.chain.finds(offset, log):
                yield Step(f"partition {partition}: a gap has been open for long, read from {log.start}", again)

    def _consume(self, world: World, number: int, member: Member) -> Step[World]:
        name = f"member {number}"
        if member.stage == "fetched" and self.fence != "none":
            if world.offsets[member.partition] != member.offset:
                return Step(f"{name} finds another row and drops its batch", world.hold(number, None))
            if self.fence == "row compared, then locked":
                return Step(f"{name} compares the row", world.hold(number, member._replace(stage="checked")))
        moved, events, what = self._carry_out(world, member)
        applied = (*world.applied, *events)
        if self.commit == "together":
            return Step(f"{name} commits: {what}", moved._replace(applied=applied).hold(number, None))
        effects_now = (self.commit == "effects first") == (member.stage != "half")
        then = world._replace(applied=applied) if effects_now else moved
        left = None if member.stage == "half" else member._replace(stage="half")
        return Step(f"{name} commits {'the effects' if effects_now else 'the offset'}", then.hold(number, left))

    def _carry_out(self, world: World, member: Member) -> tuple[World, tuple[int, ...], str]:
        """The world with the group's row after the batch, what is to be applied, and all that in words."""
        partition, told = member.partition, world.told
        taken = self.chain.take(member.offset, member.records, world.topic[partition])
        offset = taken.offset
        if member.offset.baseline == "first" and not member.offset.ends and not offset.baseline:  # a new group
            told |= self.operating.missing(world, partition, member.records[0].previous)
        moved = world._replace(
            told=told,
            offsets=put(world.offsets, partition, offset),
            complete=put(world.complete, partition, max(world.complete[partition], taken.complete_to)),
            rewound=put(world.rewound, partition, value=offset.gap is not None and world.rewound[partition]),
        )
        trouble = f", gap up to {offset.gap}" if offset.gap else ", fork" if offset.fork else ""
        return moved, taken.events, f"events {list(taken.events)}, next {offset.next}{trouble}"

    def _disturb(self, world: World) -> Iterator[Step[World]]:
        faults = world.faults
        if world.producer.copy is None and any(faults.allow(kind) for kind in COPIED):
            copied = world.producer._replace(copy=world.server)
            yield Step("a copy is taken", world._replace(producer=copied), optional=True)
        for kind in sorted(set(faults.kinds)):
            spent = world._replace(faults=faults.without(kind))
            if kind in SERVER_FAULTS:
                then = spent if kind in {*PRUNED, "restore in place"} else spent.cut_relays(zombies=self.zombies)
                for name, producer in self.producer.disturb(world.producer, kind):
                    yield Step(name, then.unsettle()._replace(producer=producer), optional=True)
            elif kind in LOSSES:
                for name, topic in lose(world.topic, kind):
                    yield Step(name, spent.unsettle()._replace(topic=topic), optional=True)
            else:
                yield from self._interrupt(world, spent, kind)

    def _interrupt(self, world: World, spent: World, kind: str) -> Iterator[Step[World]]:
        if kind == "kill member":
            for number, member in enumerate(world.members):
                if member is not None:
                    yield Step(f"member {number} is killed", spent.hold(number, None), optional=True)
        elif world.lock is not None and kind == "kill relay":
            yield Step(f"relay {world.lock} is killed", spent.end(world.lock), optional=True)
        elif world.lock is not None and kind == "cut relay":
            yield Step(f"relay {world.lock} loses the lock", spent._replace(lock=None), optional=True)

    def _grow(self, world: World) -> Iterator[Step[World]]:
        row = world.server.relay
        if not self.relay.grows or row.raised is not None:
            return
        ends = [offset.last == head for offset, head in zip(world.offsets, row.heads, strict=True)]
        quiet = all(ends) and self.relaying.is_done(world) and world.relays.count(None) == 1
        if quiet or not self.drained:
            grown = world.serve(world.server._replace(relay=row._replace(raised=row.cursor)))
            yield Step(
                f"partitions are added, for rows above {row.cursor}", grown.cut_relays(zombies=False), optional=True
            )

    def wrong(self, world: World, *, at_rest: bool) -> str | None:
        if world.flaw:
            return world.flaw
        if len(set(world.applied)) < len(world.applied):
            return f"applied twice: {world.applied}"
        for key in range(self.relay.partitions):
            history = [row.event for row in world.server.rows if row.event > 0 and self.relay.key_of(row.event) == key]
            applied = [event for event in world.applied if event in history]
            if applied != [event for event in history if event in applied]:
                return f"applied {applied}, but the history is {history}"
        for partition in range(self.relay.partitions):
            wrong = self._wrong_in(world, partition, at_rest=at_rest)
            if wrong is not None:
                return wrong
        return None

    def _wrong_in(self, world: World, partition: int, *, at_rest: bool) -> str | None:
        offset, complete_to = world.offsets[partition], world.complete[partition]
        rows = [row for row in self.relay.chain(world.server, partition) if row.event > 0]
        unread = [row.event for row in rows if row.event not in {*world.applied, *world.told}]
        stands = offset.last == START or any(row.position == offset.last for row in world.server.rows)
        if any(event <= complete_to for event in unread) and stands and offset.fork is None:
            return f"complete to {complete_to}, but {unread} unread"
        if not at_rest:
            return None
        if offset.gap or offset.fork:
            return "an alarm that nobody can end"
        if unread:
            return f"lost silently: {unread}"
        ghosts = self.operating.ghosts(world, partition, world.server.rows) - world.told
        return f"applied silently what the producer lost: {sorted(ghosts)}" if ghosts else None
