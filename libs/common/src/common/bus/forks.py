"""Where a group stands in the logs it reads, and going on after a producer has lost history (a fork, or days pruned unread)."""

from common.bus import cursors
from common.bus.cursors import Cursor
from common.bus.kafka import decisions, offsets, relay_state
from common.bus.position import START, Position
from common.bus.tail import Forked, HistoryLost, Tail
from common.runtime import Runtime


async def accept_fork(runtime: Runtime, producer: str) -> list[str]:
    """Go on with a producer that has lost history, over whatever bus; lines that tell where. What was handled of the lost
    history stays handled: these are the ghosts that the alarm told of. Raises NothingToAccept.
    """
    if runtime.settings.bus == "kafka":
        accepted = await decisions.accept_fork(runtime.db, producer)
        return [f"{producer}, partition {number}: {said}" for number, said in accepted.items()]
    before, after = await return_to_survivor(runtime, producer)
    return [f"{producer}: was at {before}, goes on after {after.position}"]


async def return_to_survivor(runtime: Runtime, producer: str) -> tuple[Position, Cursor]:
    """Set the group's cursor to the last event that it has handled and that the producer still has, or to the floor.
    Returns where it was and is. Later events that it has handled are not handled again.
    """
    db, group = runtime.db, runtime.service.name
    tail = _tail(runtime, producer)
    await tail.open()
    try:
        async with db.transaction() as uow:
            locked = await cursors.lock(uow, group=group, producer=producer)
            survivor = await tail.survivor(locked.cursor)
            await cursors.move(uow, survivor, group=group, producer=producer)
            return locked.cursor.position, survivor
    finally:
        await tail.close()


async def describe_log(runtime: Runtime) -> list[str]:
    """Lines for a person: the own log's head and floor, each producer's cursor and how much is unread."""
    own = _tail(runtime, runtime.service.name)
    await own.open()
    try:
        await own.look()
        lines = [f"own log: head {own.marks.marked}, floor {await own.floor()}"]
    finally:
        await own.close()
    lines += await _describe_relay(runtime)
    for producer in runtime.service.handlers.producers:
        if runtime.settings.bus == "kafka":
            lines += await _describe_partitions(runtime, producer)
            continue
        tail = _tail(runtime, producer)
        await tail.open()
        try:
            async with runtime.db.transaction() as uow:
                cursor = await cursors.read(uow, group=runtime.service.name, producer=producer)
            unread, _ = await tail.unread(cursor.position if cursor else START)
            lines.append(f"{producer}: read up to {cursor.position if cursor else 'nothing yet'}, {unread} unread")
            if cursor is not None:
                lines += await _faults(tail, cursor)
        finally:
            await tail.close()
    return lines


async def _describe_relay(runtime: Runtime) -> list[str]:
    async with runtime.db.transaction() as uow:
        state = await relay_state.read(uow.connection)
        if state is None:
            return []
        position = state.cursor.position
        waiting = await uow.fetchval(
            "SELECT count(*) FROM outbox WHERE (generation, id) > ($1, $2)", position.generation, position.id
        )
    return [f"own relay: has carried everything up to {position}, {waiting} wait"]


async def _describe_partitions(runtime: Runtime, producer: str) -> list[str]:
    found = await offsets.read(runtime.db, group=runtime.service.name, producer=producer)
    last = max((offset.chain.last for offset in found.values()), default=START)
    lines = [f"{producer}: {len(found)} partitions, read up to {last}"]
    for number, offset in found.items():
        if offset.fork is not None:
            lines.append(
                f"  partition {number} STOPPED, fork: {offset.chain.last} was handled, the producer goes on after {offset.fork}"
            )
        if offset.gap is not None:
            lines.append(
                f"  partition {number} STOPPED, gap since {offset.gap.since:%Y-%m-%d %H:%M:%S}: what follows {offset.chain.last} up to"
                f" {offset.gap.least} is missing"
            )
    return lines


async def _faults(tail: Tail, cursor: Cursor) -> list[str]:
    try:
        await tail.read(cursor, limit=1)
    except (Forked, HistoryLost) as error:
        return [f"  STOPPED, {type(error).__name__}: {error}"]
    return []


def _tail(runtime: Runtime, producer: str) -> Tail:
    return Tail(
        url=runtime.settings.log_url(producer), producer=producer, group=runtime.service.name, clock=runtime.clock
    )
