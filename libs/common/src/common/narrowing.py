"""Narrowing a query to what was asked for, so that PostgreSQL plans for that and not for whatever might be asked."""

from collections.abc import Mapping
from typing import Any

_ASKED = " asked"


def narrowed(sql: str, *arguments: object, where: Mapping[str, object]) -> tuple[Any, ...]:
    """The query and its arguments, as `fetch` takes them. In `sql` the word `asked` stands for the conditions.

    `where`: the condition up to its value, as `rule =`, which is code and never input → the value; None: not asked for.
    """
    if _ASKED not in sql:
        raise ValueError("the query has no place for what is asked")
    wanted = {condition: value for condition, value in where.items() if value is not None}
    conditions = [f"{condition} ${place}" for place, condition in enumerate(wanted, len(arguments) + 1)]
    return sql.replace(_ASKED, f" {' AND '.join(conditions) or 'true'}"), *arguments, *wanted.values()
