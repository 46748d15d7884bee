"""Who reads what: a lane with all its partitions, of every topic, goes to one member of the group."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from aiokafka.coordinator.assignors.abstract import AbstractPartitionAssignor
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment, ConsumerProtocolMemberMetadata

from common.bus.lanes import LANES


class LaneAssignor(AbstractPartitionAssignor):  # type: ignore[misc]  # aiokafka ships no types
    """Lanes are dealt out in turn to the members in the order of their ids; of a topic that only some of them read, to those."""

    name = "huitou.lanes"
    version = 0

    @classmethod
    def assign(
        cls, cluster: Any, members: Mapping[str, ConsumerProtocolMemberMetadata]
    ) -> dict[str, ConsumerProtocolMemberAssignment]:
        readers: dict[str, list[str]] = defaultdict(list)
        for member in sorted(members):
            for topic in members[member].subscription:
                readers[topic].append(member)
        given: dict[str, dict[str, list[int]]] = {member: defaultdict(list) for member in members}
        for topic, its_readers in readers.items():
            for partition in sorted(cluster.partitions_for_topic(topic) or ()):
                given[its_readers[partition % LANES % len(its_readers)]][topic].append(partition)
        return {
            member: ConsumerProtocolMemberAssignment(cls.version, sorted(topics.items()), b"")
            for member, topics in given.items()
        }

    @classmethod
    def metadata(cls, topics: Any) -> ConsumerProtocolMemberMetadata:
        return ConsumerProtocolMemberMetadata(cls.version, list(topics), b"")

    @classmethod
    def on_assignment(cls, assignment: ConsumerProtocolMemberAssignment) -> None:
        """Nothing is kept from one assignment to the next."""
