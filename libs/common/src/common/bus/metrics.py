"""The log's instruments."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class LogMetrics:
    def __init__(self, registry: CollectorRegistry) -> None:
        self.appended = Counter("log_events_appended", "Events appended to this service's log", registry=registry)
        self.handled = Counter(
            "log_events_handled",
            "Events whose effects are committed",
            ["consumer_group", "producer"],
            registry=registry,
        )
        self.set_aside = Counter(
            "log_events_set_aside",
            "Events written to dead letters, by reason",
            ["consumer_group", "producer", "reason"],
            registry=registry,
        )
        self.open_letters = Gauge(
            "log_dead_letters_open", "Dead letters that wait", ["consumer_group", "reason"], registry=registry
        )
        self.lag_events = Gauge(
            "log_lag_events", "Events not yet read", ["consumer_group", "producer"], registry=registry
        )
        self.lag_seconds = Gauge(
            "log_lag_seconds",
            "Age of the oldest event that is not read",
            ["consumer_group", "producer"],
            registry=registry,
        )
        self.complete_age_seconds = Gauge(
            "log_complete_age_seconds",
            "How far the time up to which everything is read lies behind the clock",
            ["consumer_group", "producer"],
            registry=registry,
        )
        self.horizon_seconds = Gauge(
            "log_horizon_seconds",
            "How long the newest events have waited for older transactions to end",
            ["consumer_group", "producer"],
            registry=registry,
        )
        self.generation = Gauge(
            "log_generation", "Generation of the last event read", ["consumer_group", "producer"], registry=registry
        )
        self.alarm = Gauge(
            "log_alarm",
            "1 while a reader stands still and needs a person: fork, gap, foreign, history_lost, poison, topic, broker, clock",
            ["consumer_group", "producer", "kind"],
            registry=registry,
        )
        self.clock_skew_seconds = Gauge(
            "log_clock_skew_seconds",
            "How far this process's clock is ahead of its database's",
            ["consumer_group"],
            registry=registry,
        )
        self.batch_seconds = Histogram(
            "log_batch_seconds",
            "Time from a batch's first lock to its commit",
            ["consumer_group", "producer"],
            registry=registry,
        )
        self.foreign = Counter(
            "log_foreign_records",
            "Records passed over that no relay wrote",
            ["consumer_group", "producer"],
            registry=registry,
        )
        self.restarts = Counter(
            "log_consumer_restarts", "Restarts after a failure", ["consumer_group"], registry=registry
        )


class RelayMetrics:
    """Of the one relay that works for this service."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.leading = Gauge("log_relay_leading", "1 while this process is the service's relay", registry=registry)
        self.relayed = Counter("log_relay_events", "Events carried to the topic and acknowledged", registry=registry)
        self.complete_age_seconds = Gauge(
            "log_relay_complete_age_seconds",
            "How far the time up to which everything is in the topic lies behind the clock",
            registry=registry,
        )
        self.alarm = Gauge(
            "log_relay_alarm",
            "1 while the relay stands still and needs a person: fork, history_lost, topic, broker",
            ["kind"],
            registry=registry,
        )
        self.restarts = Counter("log_relay_restarts", "Restarts after a failure", registry=registry)
