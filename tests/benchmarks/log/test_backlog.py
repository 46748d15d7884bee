from benchmarks.log.backlog import BARE_SEND, PAIRS, RELAY, Paces, notes, rows
from benchmarks.log.pace import Pace


def test_a_pace_is_a_rate_and_what_an_event_costs() -> None:
    paces: Paces = {(bus, each): [] for bus, what, bare in PAIRS for each in (what, bare)}
    paces["kafka", RELAY] = [Pace(30_000, seconds=1.0, cpu_seconds=0.6)]
    paces["kafka", BARE_SEND] = [Pace(30_000, seconds=0.5, cpu_seconds=0.3)]

    [row, _] = rows({key: found for key, found in paces.items() if found})

    assert {name: figure.median for name, figure in row.figures.items()} == {
        "events/s": 30_000,
        "CPU µs of an event": 20,
    }
    assert notes(paces) == [f"kafka, {RELAY}: 50% of the rate of {BARE_SEND}"]
