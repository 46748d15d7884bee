from benchmarks.log.processes import PSS, RSS, memory_mb

ROLLUP = """55c0-7ffd ---p 00000000 00:00 0                          [rollup]
Rss:              100000 kB
Pss:               50000 kB
Pss_Dirty:         40000 kB
"""


def test_memory_is_read_from_the_rollup() -> None:
    assert memory_mb(ROLLUP) == {PSS: 51.2, RSS: 102.4}
