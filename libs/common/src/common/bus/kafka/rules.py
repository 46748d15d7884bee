"""What a topic must be so that it loses nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from common.bus.lanes import LANES

_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, kw_only=True)
class TopicRules:
    """What a topic must be. `keep`: the least time that it keeps events: as long as the outbox does."""

    keep: timedelta
    partitions: int = LANES
    replication: int = 1
    minimum_in_sync: int = 1

    @property
    def configuration(self) -> dict[str, str]:
        """Of a topic that is made."""
        return {
            "cleanup.policy": "delete",
            "retention.ms": str(self.keep // _MILLISECOND),
            "retention.bytes": "-1",
            "min.insync.replicas": str(self.minimum_in_sync),
            "unclean.leader.election.enable": "false",
        }

    def faults(self, found: Mapping[str, str]) -> list[str]:
        """Of a topic that is there: what has to be set, and why."""
        faults = []
        if found["cleanup.policy"] != "delete":
            faults.append("cleanup.policy=delete (it compacts: events of a key would be thrown away)")
        kept = int(found["retention.ms"])
        if 0 <= kept < self.keep // _MILLISECOND:
            faults.append(
                f"retention.ms={self.keep // _MILLISECOND} or more (it keeps {kept}: less than the outbox does)"
            )
        if found["retention.bytes"] != "-1":
            faults.append("retention.bytes=-1 (it would throw away events that nobody has read)")
        if int(found["min.insync.replicas"]) < self.minimum_in_sync:
            faults.append(f"min.insync.replicas={self.minimum_in_sync} (one broker could lose what was acknowledged)")
        if found["unclean.leader.election.enable"] != "false":
            faults.append("unclean.leader.election.enable=false (a broker that lags could become the leader)")
        return faults
