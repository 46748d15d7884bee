"""Two relays of one producer at work: the steps of `relay` on the world of `kafka_world`."""

from collections.abc import Iterator
from dataclasses import dataclass

from model.broker import Record
from model.kafka_world import World
from model.producer import START
from model.relay import RELAY_RULES, Relay, RelayRules
from model.search import Step


@dataclass(frozen=True)
class Relaying:
    rules: RelayRules = RELAY_RULES
    timed: bool = False  # whether T is found out and stated

    def steps(self, world: World) -> Iterator[Step[World]]:
        for record in dict.fromkeys(world.late):
            late = list(world.late)
            late.remove(record)
            yield Step(f"late, to partition {record[0]}: {record[1]}", world._replace(late=tuple(late)).land(*record))
        for number, relay in enumerate(world.relays):
            if relay is not None:
                yield from self._run(world, number, relay)
        if world.lock is None and None in world.relays and self.rules.may_look(world.server):
            number = world.relays.index(None)
            yield Step(f"relay {number} takes the lock", self._start(world, number))

    def _start(self, world: World, number: int, complete_to: int = 0) -> World:
        token = world.tokens + 1
        server = world.server._replace(relay=world.server.relay._replace(token=token))
        relay = self.rules.start(server, complete_to=complete_to)
        return world.serve(server).run(number, relay)._replace(lock=number, tokens=token)

    def _begin_anew(self, world: World, number: int, relay: Relay) -> World:
        """Who has lost the lock ends; who holds it goes on from the row."""
        return self._start(world, number, relay.complete_to) if world.lock == number else world.end(number)

    def _run(self, world: World, number: int, relay: Relay) -> Iterator[Step[World]]:
        yield from self._send(world, number, relay)
        server = world.server
        if relay.cut:
            yield Step(f"relay {number} has lost its database and ends", world.end(number))
            yield from self._beat(world, number, relay, news=True)
        elif not relay.idle and (not relay.pending or self.rules.write == "before sending"):
            written = self.rules.write_row(relay, server)
            if written is None:
                yield Step(f"relay {number} is refused", self._begin_anew(world, number, relay))
            else:
                then = relay._replace(cursor=relay.reached)
                yield Step(f"relay {number} writes {relay.reached}", world.serve(written).run(number, then))
        elif relay.cursor == relay.reached and not relay.pending and self.rules.may_look(server):
            yield from self._look(world, number, relay)

    def _send(self, world: World, number: int, relay: Relay) -> Iterator[Step[World]]:
        for place in self.rules.sendable(relay):
            partition, record = relay.pending[place]
            name = f"relay {number} sends to partition {partition}: {record}"
            landed = world.land(partition, record)
            yield Step(name, landed.run(number, self.rules.acknowledge(relay, place)))
            if world.faults.allow("ack lost"):
                spent = landed._replace(faults=world.faults.without("ack lost"))
                yield Step(f"{name}, never acknowledged", spent, optional=True)
            if world.faults.allow("late"):
                spent = world._replace(faults=world.faults.without("late"), late=(*world.late, (partition, record)))
                yield Step(f"{name}, which does not arrive yet", spent, optional=True)

    def _look(self, world: World, number: int, relay: Relay) -> Iterator[Step[World]]:
        server = world.server
        trouble = self.rules.trouble(server, relay.cursor)
        if self.rules.guard and server.relay.token != relay.token:
            yield Step(f"relay {number} finds another token", self._begin_anew(world, number, relay))
        elif trouble and relay.cursor != server.relay.cursor:
            yield Step(f"relay {number} finds that history has changed", self._begin_anew(world, number, relay))
        elif trouble == "fork":
            token = world.tokens + 1
            then = world.serve(self.rules.skipped(server, token))._replace(tokens=token)
            yield Step(f"relay {number} finds that its row is of another history, and rewinds", then)
        elif trouble:
            token = world.tokens + 1
            then = world.serve(self.rules.skipped(server, token))._replace(tokens=token)
            yield Step(f"the operator accepts that relay {number} has missed rows", then)
        else:
            rows = self.rules.unread(server, relay.cursor)
            if rows:
                read = self.rules.read(relay, server, rows)
                yield Step(f"relay {number} reads {[row.event for row in rows]}", world.run(number, read))
            if not rows or self.timed:
                yield from self._beat(world, number, relay, news=bool(rows))

    def is_done(self, world: World) -> bool:
        """Whether the relay that holds the lock has nothing to send."""
        relay = None if world.lock is None else world.relays[world.lock]
        if relay is None or not relay.idle or world.late:
            return False
        return not any(True for _ in self._run(world, world.lock or 0, relay))

    def _beat(self, world: World, number: int, relay: Relay, *, news: bool) -> Iterator[Step[World]]:
        knows = not news or self.rules.complete == "at once"
        if self.timed and knows and relay.complete_to < world.producer.events:
            then = relay._replace(complete_to=world.producer.events)
            yield Step(f"relay {number} is complete to {then.complete_to}", world.run(number, then))
            return
        for partition, head in enumerate(relay.heads):
            beat = Record(head, head, complete_to=relay.complete_to)
            if self.rules.beats(relay, partition) and self._tells(
                world, partition, beat, holds_lock=world.lock == number
            ):
                yield Step(f"relay {number} sends to partition {partition}: {beat}", world.land(partition, beat))

    def _tells(self, world: World, partition: int, beat: Record, *, holds_lock: bool) -> bool:
        """A heartbeat comes each second; here, when it may make a difference."""
        log, offset = world.topic[partition], world.offsets[partition]
        if beat.position == START and not beat.complete_to:
            return False
        if beat not in log.records:
            return True
        unseen = offset.next >= log.end and beat.position > offset.last and not offset.has_passed(beat.position)
        if not (self.rules.repeated and holds_lock and unseen):
            return False
        return offset.gap is None and offset.fork is None and offset.baseline != "first"
