"""How many events one core steps with the default policy, and what a member weighs, after 1 to 1,000 events.

    python -m benchmarks.lifecycle.step

No database and no log. `step`: the member stays decoded. `row`: a row's bytes are decoded, stepped by one event and
encoded again, as a batch does with each event. `late`: the event belongs to a day ten days back. Medians of seven, in CPU time.
"""

import random
import statistics
import time
from collections.abc import Callable
from datetime import timedelta

from benchmarks.lifecycle.living import ENGINE, arrivals, history, stepped
from lifecycle.facts.domain import encode as encode_facts
from lifecycle.members.domain import Member, decode, encode
from lifecycle.standing.domain import next_change_at
from lifecycle.stepping.domain import Arrival

REPETITIONS, ROUNDS, MEMBERS = 7, 50, 60


def rate(work: Callable[[int], object]) -> float:
    """Calls a second of `work`, given each member's index in turn."""
    rates = []
    for _ in range(REPETITIONS):
        started = time.process_time()
        for _ in range(ROUNDS):
            for index in range(MEMBERS):
                work(index)
        rates.append(ROUNDS * MEMBERS / (time.process_time() - started))
    return statistics.median(rates)


def following(members: list[Member], *, late: timedelta) -> list[Arrival]:
    random_ = random.Random(7)
    return [next(arrivals(random_, member.at, late=late)) for member in members]


def report(events: int) -> None:
    members = [history(events, seed=seed) for seed in range(1, MEMBERS + 1)]
    rows = [encode(member) for member in members]
    soon, late = following(members, late=timedelta()), following(members, late=timedelta(days=10))
    weights = [
        statistics.median(len(encode_facts(member.facts)) for member in members),
        statistics.median(map(len, rows)),
    ]
    changes = 1e6 / rate(lambda index: next_change_at(ENGINE, members[index].facts, members[index].at))
    print(
        f"{events:>5} events: facts {weights[0]:>5.0f} B, row {weights[1]:>5.0f} B,"
        f" step {rate(lambda index: stepped(members[index], soon[index])):>7,.0f}/s,"
        f" row {rate(lambda index: encode(stepped(decode(rows[index]), soon[index]).member)):>7,.0f}/s,"
        f" late {rate(lambda index: stepped(members[index], late[index])):>7,.0f}/s,"
        f" next_change_at {changes:>4.1f} us"
    )


if __name__ == "__main__":
    for size in (1, 10, 100, 1_000):
        report(size)
