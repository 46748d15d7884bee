"""How long it takes to try a draft on 90 days of a shop, and in how much memory.

    python -m benchmarks.lifecycle.replay [--members 24000] [--days 90] [--processes 2] [--profile]

Members buy by The Complete Journey's rhythm: each is one of its households, shifted by whole days; chat is synthetic, as in the
demo. Batches of 500 and a heartbeat every five minutes, as a lane's journal has them, read from files; no database. `draft`: a
draft alone; `live`: what happened alone; `both`: what a trial does. The goal is stated for 1 M members on two cores.
"""

import argparse
import cProfile
import itertools
import pstats
import resource
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path
from time import monotonic, process_time
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmarks.measuring import Row, Watch, at_most, keep, spread
from common.bus.lanes import LANES
from common.contracts.engagement import ChatMessageCounted
from common.contracts.envelope import encode
from common.contracts.event import Event
from common.contracts.members import MemberRegistered
from common.contracts.orders import OrderConfirmed
from demo.chatter import Chatter
from demo.journey import Journey, journey_folder
from lifecycle.authoring.service import shipped_policy
from lifecycle.engine.domain import compiled
from lifecycle.journal.domain import Entry, Input, packed_events
from lifecycle.publishing.versions.domain import alone
from lifecycle.replays.domain import events_of
from lifecycle.replays.runs.service import collect_rarely
from lifecycle.replays.trials.domain import Trial
from lifecycle.stepping.clocks.domain import HEARTBEAT

FULL, GOAL_SECONDS = 1_000_000, 300
START = datetime(2026, 1, 1, tzinfo=UTC)
BATCH = 500
ZONE = "Asia/Shanghai"
_entries = msgspec.msgpack.Decoder(list[Entry])
_encoder = msgspec.msgpack.Encoder()


class Rhythm(NamedTuple):
    """Of one household: when it buys and writes, in seconds from its first basket on."""

    orders: NDArray[np.int64]
    chats: NDArray[np.int64]


class Measured(NamedTuple):
    events: int
    cpu_seconds: float
    peak_bytes: int
    members: int
    state_bytes: int


@cache
def rhythms(days: int) -> list[Rhythm]:
    """The first `days` of every household."""
    journey = Journey(journey_folder(), households=None, zone=ZoneInfo(ZONE))
    baskets: dict[int, list[int]] = {}
    first = journey.first_moments()
    for basket in journey.baskets():
        seconds = int((basket.at - first[basket.household]).total_seconds())
        if seconds < days * 86_400:
            baskets.setdefault(basket.household, []).append(seconds)
    chatter = Chatter(seed=7, stores=journey.first_stores())
    chats: dict[int, list[int]] = {}
    for day in range(days):
        for chat in chatter.on((START + timedelta(days=day)).date(), iter(baskets)):
            chats.setdefault(chat.household, []).append(day * 86_400 + 39_600 + chat.household % 7_200)
    return [Rhythm(np.array(baskets[each]), np.array(chats.get(each, []), dtype=np.int64)) for each in sorted(baskets)]


def write_lane(lane: int, *, folder: Path, members: int, days: int) -> None:
    """The journal of one lane, as a file of chunks."""
    found = rhythms(days)
    times, owners, kinds = [], [], []
    for number in range(members // LANES):
        rhythm = found[(number * LANES + lane) % len(found)]
        shift = (number * 7_919) % (days * 86_400)
        for kind, seconds in enumerate((np.zeros(1, dtype=np.int64), rhythm.orders, rhythm.chats)):
            shifted = seconds + shift
            shifted = shifted[shifted < days * 86_400]
            times.append(shifted)
            owners.append(np.full(len(shifted), number))
            kinds.append(np.full(len(shifted), kind))
    moments, who, what = (np.concatenate(each) for each in (times, owners, kinds))
    order = np.argsort(moments, kind="stable")
    entries = batches(lane, moments[order], who[order], what[order])
    with (folder / str(lane)).open("wb") as file:
        while chunk := list(itertools.islice(entries, 200)):
            encoded = _encoder.encode(chunk)
            file.write(len(encoded).to_bytes(8))
            file.write(encoded)


def batches(
    lane: int, times: NDArray[np.int64], owners: NDArray[np.int64], kinds: NDArray[np.int64]
) -> Iterator[Entry]:
    numbers, beat = itertools.count(1), START
    entry = partial(Entry, lane=lane, revision=0)
    for start in range(0, len(times), BATCH):
        part = slice(start, start + BATCH)
        gate = START + timedelta(seconds=int(times[part][-1]))
        while beat < gate:
            yield entry(number=next(numbers), kind="time", gate_at=beat, watermark=beat, inputs=b"")
            beat += HEARTBEAT
        rows = zip(times[part].tolist(), owners[part].tolist(), kinds[part].tolist(), strict=True)
        inputs = [as_input(lane, start + n, *row) for n, row in enumerate(rows)]
        yield entry(
            number=next(numbers),
            kind="events",
            gate_at=gate,
            watermark=beat - HEARTBEAT,
            inputs=packed_events(inputs),
        )


def as_input(lane: int, position: int, seconds: int, owner: int, kind: int) -> Input:
    at = START + timedelta(seconds=seconds)
    member_id = UUID(int=(hash((lane, owner)) & ((1 << 64) - 1)) << 64 | owner)
    event = happening(kind, member_id, position, at)
    envelope = encode(
        event,
        event_id=UUID(int=lane << 100 | position),
        service=event.producer(),
        type_name=event.type_name(),
        time=at,
    )
    return Input(producer=event.producer(), generation=1, position=position, appended_at=at, envelope=envelope)


def happening(kind: int, member_id: UUID, number: int, at: datetime) -> Event:
    match kind:
        case 0:
            return MemberRegistered(member_id=member_id, channel="wechat", registered_at=at)
        case 1:
            return OrderConfirmed(
                order_id=UUID(int=number),
                member_id=member_id,
                amount_minor=1_000 + number % 9_000,
                currency="CNY",
                channel="self",
                pickup_point_id=UUID(int=number % 300),
                confirmed_at=at,
            )
        case _:
            return ChatMessageCounted(
                community_id=UUID(int=number % 300),
                member_id=member_id,
                batch_id=UUID(int=number),
                channel="wecom",
                messages=1 + number % 5,
            )


def read_lane(file: Path) -> Iterator[Entry]:
    with file.open("rb") as opened:
        while size := opened.read(8):
            yield from _entries.decode(opened.read(int.from_bytes(size)))


def run_lane(lane: int, *, folder: Path, mode: str, profile: bool = False) -> Measured:
    collect_rarely()
    engine = compiled(shipped_policy(tz=ZONE))
    versions = alone(engine)
    trial = Trial(
        lane, published=engine if mode != "draft" else None, draft=engine if mode != "live" else None, since=None
    )
    profiler = cProfile.Profile() if profile else None
    if profiler:
        profiler.enable()
    began = process_time()
    for entry in read_lane(folder / str(lane)):
        trial.take(entry, list(events_of(entry)), versions if mode != "draft" else None)
    states = trial.states
    found = trial.end()
    used = process_time() - began
    if profiler:
        profiler.disable()
        pstats.Stats(profiler).sort_stats("tottime").print_stats(35)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return Measured(found.events, used, peak, len(states), sum(map(len, states.values())))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--members", type=int, default=24_000)
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--profile", action="store_true", help="one lane, where the time goes")
    arguments = parser.parse_args()
    watch, rows, whole = Watch(), [], {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write = partial(write_lane, folder=folder, members=arguments.members, days=arguments.days)
        if arguments.profile:
            write(0)
            run_lane(0, folder=folder, mode="draft", profile=True)
            return
        pool = partial(ProcessPoolExecutor, arguments.processes, mp_context=get_context("spawn"))
        with pool() as writers:
            list(writers.map(write, range(LANES)))
        for mode in ("draft", "live", "both"):
            with pool() as runners:
                began = monotonic()
                lanes = list(runners.map(partial(run_lane, folder=folder, mode=mode), range(LANES)))
                seconds = monotonic() - began
            whole[mode] = seconds * FULL / arguments.members
            rows.append(row(mode, lanes, seconds, whole[mode]))
    keep(
        "lifecycle.replay",
        what=f"{arguments.members:,} members × {arguments.days} days, {arguments.processes} processes",
        watch=watch,
        goals=[at_most("1 M members, a draft alone", GOAL_SECONDS, [whole["draft"]], unit=" s")],
        rows=rows,
        notes=[
            "the time for 1 M members is that of this run, scaled: each event is stepped alone, so that time is linear"
        ],
    )


def row(mode: str, lanes: list[Measured], seconds: float, whole: float) -> Row:
    figures = {
        "million events": sum(each.events for each in lanes) / 1e6,
        "seconds": seconds,
        "events/s per core": sum(each.events for each in lanes) / sum(each.cpu_seconds for each in lanes),
        "bytes a member": sum(each.state_bytes for each in lanes) / sum(each.members for each in lanes),
        "peak MB of a process": max(each.peak_bytes for each in lanes) / 1e6,
        "seconds for 1 M members": whole,
    }
    return Row(labels={"what": mode}, figures={name: spread([value]) for name, value in figures.items()})


if __name__ == "__main__":
    main()
