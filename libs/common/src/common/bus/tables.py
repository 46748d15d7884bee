"""The tables of the log, the same in every service's schema. Migrations run these statements.

Public (`log_reader` may SELECT): outbox, log_floor, log_incarnation, relay, relay_topic. All others are the service's own.
"""

from collections.abc import Sequence

PUBLIC = ("outbox", "log_floor", "log_incarnation")
RELAY = ("relay", "relay_topic")
"""Public as well, so that a consumer can change its bus."""
PRIVATE = ("log_cursor", "lane", "dead_letter", "timer", "idempotency_key", "log_offset", "log_identity")

CREATE_OUTBOX = """
CREATE TABLE outbox (
    generation  bigint      NOT NULL,
    xid         xid8        NOT NULL,
    id          bigint      GENERATED ALWAYS AS IDENTITY (CACHE 1),
    appended_at timestamptz NOT NULL,
    topic       text        NOT NULL,
    key         text        NOT NULL,
    type        text        NOT NULL,
    event_id    uuid        NOT NULL,
    envelope    bytea       NOT NULL CHECK (octet_length(envelope) <= 262144),
    PRIMARY KEY (generation, id, appended_at)
) PARTITION BY RANGE (appended_at);

-- The log's incarnations: a start of the server, and the file that holds this very table, which a restore into a running
-- server changes. An append without a row for the present one begins the next generation.
CREATE TABLE log_incarnation (
    generation bigint      PRIMARY KEY,
    started    timestamptz NOT NULL,
    place      text        NOT NULL,
    UNIQUE (started, place)
);

-- The greatest position that retention has removed.
CREATE TABLE log_floor (
    only_row   boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    generation bigint  NOT NULL DEFAULT 0,
    id         bigint  NOT NULL DEFAULT 0
);
INSERT INTO log_floor DEFAULT VALUES;
"""

CREATE_CONSUMER = """
-- Locked first by whoever consumes for the group: one owner at a time, and a fence against zombies.
CREATE TABLE lane (
    consumer_group text NOT NULL,
    partition      int  NOT NULL, -- -1: all lanes of a group that reads over PostgreSQL
    PRIMARY KEY (consumer_group, partition)
);

-- The last event scanned, by group and producer; moves in the transaction of the consumer's state.
CREATE TABLE log_cursor (
    consumer_group text   NOT NULL,
    producer       text   NOT NULL,
    generation     bigint NOT NULL,
    id             bigint NOT NULL,
    event_id       uuid,
    ends           jsonb  NOT NULL DEFAULT '{}', -- generation → the last id scanned of it
    PRIMARY KEY (consumer_group, producer)
);

CREATE TABLE dead_letter (
    id             bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    consumer_group text        NOT NULL,
    producer       text        NOT NULL,
    generation     bigint      NOT NULL,
    position_id    bigint      NOT NULL,
    appended_at    timestamptz NOT NULL,
    key            text        NOT NULL,
    type           text        NOT NULL,
    event_id       uuid        NOT NULL,
    envelope       bytea       NOT NULL,
    reason         text        NOT NULL CHECK (reason IN ('poison', 'undecodable', 'unknown_type', 'future', 'behind')),
    error          text        NOT NULL,
    state          text        NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'replayed', 'discarded')),
    attempts       int         NOT NULL DEFAULT 1,
    created_at     timestamptz NOT NULL,
    settled_at     timestamptz CHECK ((state = 'open') = (settled_at IS NULL)),
    UNIQUE (consumer_group, producer, generation, position_id)
);
CREATE INDEX dead_letter_open ON dead_letter (consumer_group, key, id) WHERE state = 'open';
"""

CREATE_SUPPORT = """
-- What is due later, written by the transaction that made it so.
CREATE TABLE timer (
    kind        text        NOT NULL,
    business_id uuid        NOT NULL,
    due_at      timestamptz NOT NULL,
    attempts    int         NOT NULL DEFAULT 0,
    PRIMARY KEY (kind, business_id)
);
CREATE INDEX timer_due ON timer (due_at);

-- Answers to requests that must not be carried out twice; the clock here is the system's (key retention).
CREATE TABLE idempotency_key (
    actor        text        NOT NULL,
    key          text        NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
    request_hash bytea       NOT NULL,
    status       int,
    response     bytea,
    created_at   timestamptz NOT NULL,
    PRIMARY KEY (actor, key)
);
CREATE INDEX idempotency_key_age ON idempotency_key (created_at);
"""

CREATE_KAFKA = """
UPDATE lane SET partition = -1;

-- Which log it is: carried by every record, and the same in every copy of this database.
CREATE TABLE log_identity (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    log      uuid    NOT NULL DEFAULT gen_random_uuid()
);
INSERT INTO log_identity DEFAULT VALUES;

-- What the relay has carried to the topic. The token is drawn anew by whoever takes over or rewinds, and guards every write.
CREATE TABLE relay (
    only_row   boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    log        uuid    NOT NULL,
    token      uuid    NOT NULL,
    generation bigint  NOT NULL, -- everything up to this position is acknowledged
    id         bigint  NOT NULL,
    event_id   uuid,
    retired    boolean NOT NULL DEFAULT false, -- nobody carries this log any more, so retention need not wait for it
    rewound_generation bigint NOT NULL DEFAULT 0, -- up to this position everything was sent before the last rewind
    rewound_id bigint  NOT NULL DEFAULT 0,
    tails      jsonb   NOT NULL  -- for each partition, the last position that it was sent: [[generation, id], …]
);

-- How many partitions the topic has had, from which position on: a row of the log keeps its partition.
CREATE TABLE relay_topic (
    from_generation bigint NOT NULL,
    from_id         bigint NOT NULL,
    partitions      int    NOT NULL CHECK (partitions > 0),
    PRIMARY KEY (from_generation, from_id)
);

-- How far a group has come in each partition; moves in the transaction of the consumer's state.
CREATE TABLE log_offset (
    consumer_group text    NOT NULL,
    producer       text    NOT NULL,
    partition      int     NOT NULL,
    next_offset    bigint  NOT NULL DEFAULT 0,
    generation     bigint  NOT NULL DEFAULT 0, -- the last position applied
    id             bigint  NOT NULL DEFAULT 0,
    ends           jsonb   NOT NULL DEFAULT '{}', -- generation → the last id applied of it
    baseline       text    DEFAULT 'first' CHECK (baseline IN ('first', 'passed')),
    log            uuid, -- the identity of the outbox that was read
    gap_generation bigint, -- the least position known to be missing
    gap_id         bigint,
    gap_since      timestamptz,
    reread_at      timestamptz, -- when the partition was last read again from its start because of it
    giving_up      boolean NOT NULL DEFAULT false, -- a person has decided to go on without what is missing
    fork_generation bigint, -- the record at next_offset follows this position, behind which events were applied
    fork_id        bigint,
    PRIMARY KEY (consumer_group, producer, partition),
    CHECK (num_nulls(gap_generation, gap_id, gap_since, reread_at) IN (0, 4)),
    CHECK (gap_id IS NOT NULL OR NOT giving_up),
    CHECK (num_nulls(fork_generation, fork_id) IN (0, 2))
);
"""

CREATE_FIRST = CREATE_OUTBOX + CREATE_CONSUMER + CREATE_SUPPORT
"""What a service's first migration makes; what came later has migrations of its own."""
CREATE = CREATE_FIRST + CREATE_KAFKA


def grant_public(schema: str, names: Sequence[str] = (*PUBLIC, *RELAY)) -> str:
    tables = ", ".join(f"{schema}.{table}" for table in names)
    return f"GRANT USAGE ON SCHEMA {schema} TO log_reader; GRANT SELECT ON {tables} TO log_reader;"


def statements(script: str) -> list[str]:
    """A script as single statements, without its comments: a prepared statement holds one."""
    lines = [line for line in script.splitlines() if not line.lstrip().startswith("--")]
    return [statement.strip() for statement in "\n".join(lines).split(";") if statement.strip()]
