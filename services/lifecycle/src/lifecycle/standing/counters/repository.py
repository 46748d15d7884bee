from collections.abc import Mapping
from functools import cache

from common.db import UnitOfWork
from lifecycle.standing.counters.domain import Counter, Place


async def move(uow: UnitOfWork, counter: Counter, moves: Mapping[Place, int]) -> None:
    columns = zip(*moves, strict=True)
    await uow.execute(_move(counter), *map(list, columns), list(moves.values()))


# Not ON CONFLICT alone: a row that is proposed must keep the constraint that its sum keeps. A new one may have two writers.
@cache
def _move(counter: Counter) -> str:
    table, value, keys = counter.table, counter.value, ("lane", *counter.keys)
    last = len(keys) + 1
    texts = "".join(f", ${place}::text[]" for place in range(2, last))
    names, counted, moved = (", ".join(f"{of}{key}" for key in keys) for of in ("", "counted.", "moved."))
    return f"""
        WITH moved AS (SELECT * FROM unnest($1::smallint[]{texts}, ${last}::bigint[]) AS moved ({names}, {value})),
        updated AS (
            UPDATE {table} AS counted SET {value} = counted.{value} + moved.{value} FROM moved
            WHERE ({counted}) = ({moved}) RETURNING {counted}
        )
        INSERT INTO {table} AS counted ({names}, {value})
        SELECT {names}, {value} FROM moved WHERE ({names}) NOT IN (SELECT {names} FROM updated)
        ON CONFLICT ({names}) DO UPDATE SET {value} = counted.{value} + excluded.{value}
    """  # noqa: S608 - of the names of our own tables
