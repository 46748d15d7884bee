from benchmarks.log.append_consume import NO_BUS, Measured, goals, latency_rows, notes, rate_rows
from benchmarks.log.latency import Latencies
from benchmarks.log.rates import APPEND, BARE_INSERT, BOTH, WRITERS


def measured() -> Measured:
    found = Measured()
    for writers in WRITERS:
        found.rates[NO_BUS, NO_BUS, BARE_INSERT, writers] = [4000.0, 4000.0]
        found.rates[NO_BUS, NO_BUS, APPEND, writers] = [2000.0, 1000.0]
        found.rates["postgres", "apart", BOTH, writers] = [1000.0, 1000.0]
        found.rates["kafka", "apart", BOTH, writers] = [500.0, 250.0]
    slow = [1.0] * 980 + [70.0] * 20
    found.latencies = {
        (bus, "apart"): Latencies(to_commit=slow, to_handler=slow, cores=1.0) for bus in ("postgres", "kafka")
    }
    return found


def test_each_bus_has_a_goal_of_its_own() -> None:
    postgres, kafka = goals(measured(), rate=500)

    assert (postgres.goal, postgres.met) == ("≤ 50 ms", False)
    assert (kafka.goal, kafka.met) == ("≤ 100 ms", True)


def test_shares_are_of_what_was_measured_beside() -> None:
    said = notes(measured())

    assert "append: 38% of the rate of bare INSERT, writers: 1" in said
    assert "append → effect over postgres, apart: 75% of the rate of append, writers: 16" in said
    assert "append → effect over kafka, apart: 25% of the rate of append, writers: 1" in said


def test_rates_and_latencies_are_a_table_each() -> None:
    assert {tuple(row.labels) for row in rate_rows(measured())} == {("bus", "what", "processes", "writers")}
    assert [row.figures["p99 ms to handler"].greatest for row in latency_rows(measured(), rate=500)] == [70.0, 70.0]
