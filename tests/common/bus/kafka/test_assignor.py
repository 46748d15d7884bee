"""A lane, with all its partitions of every topic, has one reader; lanes are shared out evenly."""

from collections import Counter
from collections.abc import Mapping

from aiokafka.coordinator.protocol import ConsumerProtocolMemberMetadata
from hypothesis import given
from hypothesis import strategies as st

from common.bus.kafka.assignor import LaneAssignor
from common.bus.lanes import LANES


class Cluster:
    """Topics, each with its number of partitions."""

    def __init__(self, counts: Mapping[str, int]) -> None:
        self._counts = counts

    def partitions_for_topic(self, topic: str) -> set[int] | None:
        return set(range(self._counts[topic])) if topic in self._counts else None


def assign(counts: Mapping[str, int], members: Mapping[str, list[str]]) -> dict[tuple[str, int], str]:
    """(topic, partition) → who reads it."""
    metadata = {member: LaneAssignor.metadata(topics) for member, topics in members.items()}
    assert all(isinstance(said, ConsumerProtocolMemberMetadata) for said in metadata.values())
    given_out = LaneAssignor.assign(Cluster(counts), metadata)
    assert given_out.keys() == members.keys()
    pairs = [
        ((topic, partition), member)
        for member, assignment in given_out.items()
        for topic, partitions in assignment.assignment
        for partition in partitions
    ]
    assert len(dict(pairs)) == len(pairs), "nobody reads what another reads"
    return dict(pairs)


@given(members=st.integers(1, 20), factor=st.integers(1, 3))
def test_a_lane_has_one_reader(members: int, factor: int) -> None:
    topics = ["huitou.members", "huitou.orders"]
    counts = dict.fromkeys(topics, LANES * factor)
    readers = assign(counts, {f"member-{n}": topics for n in range(members)})

    assert len(readers) == 2 * LANES * factor
    lanes = {(partition % LANES, reader) for (_, partition), reader in readers.items()}
    assert len(lanes) == LANES
    shares = Counter(reader for _, reader in lanes)
    assert max(shares.values()) - min(shares.values()) <= 1


def test_a_topic_that_only_a_new_version_reads_goes_to_those_that_read_it() -> None:
    readers = assign(dict.fromkeys(["old", "new"], LANES), {"a": ["old"], "b": ["old", "new"]})

    assert {readers["new", lane] for lane in range(LANES)} == {"b"}
    assert {readers["old", lane] for lane in range(LANES)} == {"a", "b"}


def test_a_topic_that_is_not_there_yet_is_left_out() -> None:
    assert assign({}, {"a": ["huitou.members"]}) == {}
