"""The tables of the log, the same in every service's schema. Migrations run these statements.

Public (`log_reader` may SELECT): outbox, log_floor, log_incarnation. All others are the service's own.
"""

PUBLIC = ("outbox", "log_floor", "log_incarnation")
PRIVATE = ("log_cursor", "lane", "dead_letter", "timer", "idempotency_key")

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
    partition      int  NOT NULL,
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

CREATE = CREATE_OUTBOX + CREATE_CONSUMER + CREATE_SUPPORT


def grant_public(schema: str) -> str:
    tables = ", ".join(f"{schema}.{table}" for table in PUBLIC)
    return f"GRANT USAGE ON SCHEMA {schema} TO log_reader; GRANT SELECT ON {tables} TO log_reader;"


def statements(script: str) -> list[str]:
    """A script as single statements, without its comments: a prepared statement holds one."""
    lines = [line for line in script.splitlines() if not line.lstrip().startswith("--")]
    return [statement.strip() for statement in "\n".join(lines).split(";") if statement.strip()]
