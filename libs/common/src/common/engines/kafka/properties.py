"""A broker's server.properties. Paths in it are relative to the broker's own folder, so that none needs escaping."""

from collections.abc import Collection, Mapping

from common.engines.kafka.cluster import CONTROLLER, Cluster, Listener

MECHANISM = "SCRAM-SHA-512"
DATA = "data"
_PROTOCOLS = {
    CONTROLLER: "PLAINTEXT",
    Listener.PLAIN: "PLAINTEXT",
    Listener.TLS: "SSL",
    Listener.MUTUAL_TLS: "SSL",
    Listener.SASL: "SASL_SSL",
}


def broker_properties(
    cluster: Cluster, node: int, *, listeners: Collection[Listener], settings: Mapping[str, str]
) -> str:
    """The text; `settings` win over ours."""
    doors = [Listener.PLAIN, *(one for one in Listener if one is not Listener.PLAIN and one in listeners)]
    encrypted = any(one is not Listener.PLAIN for one in doors)
    own = {
        "process.roles": "broker,controller",
        "node.id": str(node),
        "controller.quorum.voters": ",".join(f"{one}@{cluster.address(one, CONTROLLER)}" for one in cluster.nodes),
        "controller.listener.names": CONTROLLER,
        "inter.broker.listener.name": Listener.PLAIN,
        "listeners": ",".join(f"{door}://{cluster.address(node, door)}" for door in (*doors, CONTROLLER)),
        "listener.security.protocol.map": ",".join(f"{door}:{protocol}" for door, protocol in _PROTOCOLS.items()),
        "log.dirs": DATA,
        "auto.create.topics.enable": "false",
        **_replication(cluster.brokers),
        **_QUICK,
        **_SMALL,
        **(_ENCRYPTION if encrypted else {}),
        **settings,
    }
    return "".join(f"{name}={value}\n" for name, value in own.items())


def _replication(brokers: int) -> dict[str, str]:
    """A cluster of three goes on with two; what is acknowledged is on two."""
    copies, in_sync = str(brokers), str(brokers // 2 + 1)
    return {
        "default.replication.factor": copies,
        "min.insync.replicas": in_sync,
        "offsets.topic.num.partitions": copies,
        "offsets.topic.replication.factor": copies,
        "transaction.state.log.num.partitions": copies,
        "transaction.state.log.replication.factor": copies,
        "transaction.state.log.min.isr": in_sync,
        "share.coordinator.state.topic.num.partitions": copies,
        "share.coordinator.state.topic.replication.factor": copies,
        "share.coordinator.state.topic.min.isr": in_sync,
    }


# A broker that was killed waits for the end of its session before it may register again; its partitions wait for new
# leaders as long. A group's first member waits for no second one, and a dead one may be missed after a second.
_QUICK = {
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    "log.initial.task.delay.ms": "1000",  # else retention does not look in the first half minute
}
# The cleaner alone would take half of the heap.
_SMALL = {
    "log.cleaner.dedupe.buffer.size": "4194304",
    "num.network.threads": "2",
    "num.io.threads": "4",
    "background.threads": "4",
}
_ENCRYPTION = {
    "ssl.keystore.type": "PEM",
    "ssl.keystore.location": "../tls/server.pem",
    "ssl.truststore.type": "PEM",
    "ssl.truststore.location": "../tls/authority.pem",
    "listener.name.mutual_tls.ssl.client.auth": "required",
    "listener.name.sasl.sasl.enabled.mechanisms": MECHANISM,
    "listener.name.sasl.scram-sha-512.sasl.jaas.config": (
        "org.apache.kafka.common.security.scram.ScramLoginModule required;"
    ),
}
