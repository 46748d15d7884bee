"""What a relay knows of its own work, in the schema of the service whose log it carries.

The token is drawn anew by whoever takes over, so that a relay that was thought dead can no longer write here. What it may
still send is the same as its successor sends: the chain is a function of the outbox.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from common.bus.cursors import Cursor
from common.bus.lanes import partition_of
from common.bus.outbox import read_floor
from common.bus.position import START, Position
from common.connection import Connection, Record, row_count, try_lock
from common.contracts.topics import generation_started_type
from common.db import Database
from common.errors import Conflict

LOCK = "relay"
"""Of the advisory locks of a service, the one that its relay holds."""


class Superseded(Exception):
    """Another relay has taken over, or somebody has rewound this one: begin again from what is stored."""


class NeverRelayed(Conflict):
    """There is nothing to send again."""


class NotReady(Conflict):
    """What follows from the relay's state cannot be changed now; the detail says what to do first."""


@dataclass(frozen=True, slots=True)
class RelayState:
    log: UUID
    """The identity of the outbox: what a topic of another installation does not carry."""
    token: UUID
    cursor: Cursor
    """Up to where everything is acknowledged."""
    tails: tuple[Position, ...]
    """For each partition, the last position that it was sent."""
    rewound: Position = START
    """Up to where everything was sent before the last rewind."""


async def begin(db: Database, *, floor: Position, partitions: int) -> None:
    """Write the state of a log that was never relayed: at its floor. Does nothing for one that was."""
    async with db.transaction() as uow:
        written = await uow.execute(
            "INSERT INTO relay (log, token, generation, id, tails) SELECT log, $1, $2, $3, $4 FROM log_identity"
            " ON CONFLICT DO NOTHING",
            uuid4(),
            floor.generation,
            floor.id,
            _written([floor] * partitions),
        )
        if written:
            await uow.execute(
                "INSERT INTO relay_topic (from_generation, from_id, partitions) VALUES ($1, $2, $3)",
                floor.generation,
                floor.id,
                partitions,
            )


async def retire(db: Database) -> None:
    """Nobody carries this log any more: its retention no longer waits. A relay that starts later takes the log up again.

    Raises NeverRelayed.
    """
    async with db.transaction() as uow:
        if not await uow.execute("UPDATE relay SET retired = true, token = $1", uuid4()):
            raise NeverRelayed("no relay of this service has run yet")


async def take_lock(connection: Connection, service: str) -> bool:
    """Whether this connection is the relay's from now on, until it is closed."""
    return await try_lock(connection, service, LOCK)


async def read(connection: Connection) -> RelayState | None:
    """None before the first relay."""
    row = await connection.fetchrow("SELECT * FROM relay")
    return None if row is None else _state(row)


async def take_over(connection: Connection) -> RelayState:
    """Draw a new token."""
    row = await connection.fetchrow("UPDATE relay SET token = $1, retired = false RETURNING *", uuid4())
    if row is None:
        raise RuntimeError("a relay begins before it takes over")
    return _state(row)


async def rewind(db: Database) -> Position:
    """Send everything that the outbox still has again; returns the floor. Harmless: what was applied is passed over.

    A partition to which nothing was sent since the floor keeps its tail, else its next record would seem to follow a gap.
    Raises NeverRelayed.
    """
    async with db.transaction() as uow:
        row = await uow.fetchrow("SELECT * FROM relay FOR UPDATE")
        if row is None:
            raise NeverRelayed("no relay of this service has run yet")
        state = _state(row)
        cursor, floor = state.cursor, await read_floor(uow.connection)
        here = await uow.fetchval(
            "SELECT event_id FROM outbox WHERE generation = $1 AND id = $2",
            cursor.position.generation,
            cursor.position.id,
        )
        # What was sent after the floor is not what the outbox holds now: nobody knows what a partition's last was.
        lost = cursor.position < floor or (
            cursor.position > floor and cursor.event_id is not None and here != cursor.event_id
        )
        tails = [floor if lost or tail > floor else tail for tail in state.tails]
        rewound = max(state.rewound, cursor.position)
        await uow.execute(
            "UPDATE relay SET token = $1, generation = $2, id = $3, event_id = NULL, tails = $4,"
            " rewound_generation = $5, rewound_id = $6",
            uuid4(),
            floor.generation,
            floor.id,
            _written(tails),
            rewound.generation,
            rewound.id,
        )
    return floor


async def spread(db: Database, state: RelayState, *, partitions: int) -> None:
    """What comes after the cursor goes to so many partitions. Raises Superseded."""
    position, new = state.cursor.position, partitions - len(state.tails)
    async with db.transaction() as uow:
        tails = _written([*state.tails, *[START] * new])
        if not await uow.execute("UPDATE relay SET tails = $2 WHERE token = $1", state.token, tails):
            raise Superseded("a relay has taken over")
        await uow.execute(
            "INSERT INTO relay_topic (from_generation, from_id, partitions) VALUES ($1, $2, $3)"
            " ON CONFLICT (from_generation, from_id) DO UPDATE SET partitions = excluded.partitions",
            position.generation,
            position.id,
            partitions,
        )


async def require_turn(connection: Connection, token: UUID) -> None:
    """Raises Superseded when the token was drawn anew."""
    if await connection.fetchval("SELECT token FROM relay") != token:
        raise Superseded("another relay has taken over, or this one was rewound")


async def move(connection: Connection, state: RelayState) -> None:
    """Everything up to the cursor is acknowledged. Raises Superseded."""
    status = await connection.execute(
        "UPDATE relay SET generation = $2, id = $3, event_id = $4, tails = $5 WHERE token = $1",
        state.token,
        state.cursor.position.generation,
        state.cursor.position.id,
        state.cursor.event_id,
        _written(state.tails),
    )
    if not row_count(status):
        raise Superseded("another relay has taken over, or this one was rewound")


def _written(tails: Sequence[Position]) -> list[list[int]]:
    return [[tail.generation, tail.id] for tail in tails]


def _state(row: Record) -> RelayState:
    return RelayState(
        log=row["log"],
        token=row["token"],
        cursor=Cursor(Position(row["generation"], row["id"]), row["event_id"]),
        tails=tuple(Position(generation, id_) for generation, id_ in row["tails"]),
        rewound=Position(row["rewound_generation"], row["rewound_id"]),
    )


@dataclass(frozen=True, slots=True)
class Partitions:
    """How many partitions the topic had, from which position on: a row of the log has its partition for ever."""

    steps: Sequence[tuple[Position, int]]
    """In order; the first is where the relay was born."""

    @property
    def now(self) -> int:
        return self.steps[-1][1]

    def at(self, position: Position) -> int:
        return next((count for begins, count in reversed(self.steps) if begins < position), self.steps[0][1])

    def of(self, producer: str, *, key: str, type_name: str, position: Position) -> Sequence[int]:
        """Where a row goes: to the partition of its key; what tells of the log itself goes everywhere."""
        count = self.at(position)
        everywhere = type_name == generation_started_type(producer)
        return range(count) if everywhere else (partition_of(key.encode(), count),)


async def read_partitions(connection: Connection) -> Partitions:
    rows = await connection.fetch("SELECT * FROM relay_topic ORDER BY from_generation, from_id")
    return Partitions([(Position(row["from_generation"], row["from_id"]), row["partitions"]) for row in rows])
