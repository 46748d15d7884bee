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
            "1 while a reader stands still and needs a person: fork, history_lost, poison",
            ["consumer_group", "producer", "kind"],
            registry=registry,
        )
        self.batch_seconds = Histogram(
            "log_batch_seconds",
            "Time from a batch's first lock to its commit",
            ["consumer_group", "producer"],
            registry=registry,
        )
        self.restarts = Counter(
            "log_consumer_restarts", "Restarts after a failure", ["consumer_group"], registry=registry
        )
