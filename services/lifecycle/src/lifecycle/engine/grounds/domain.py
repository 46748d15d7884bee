"""Grounds 依據: the values by which a member came to stand where they stand, as a transition keeps them."""

from datetime import datetime

from lifecycle.engine.domain import Engine
from lifecycle.engine.explanations.domain import explain
from lifecycle.engine.readings.domain import Reading, Situation
from lifecycle.facts.domain import Facts
from lifecycle.standing.domain import Standing


def grounds(engine: Engine, dimension: str, *, facts: Facts, standing: Standing, at: datetime) -> dict[str, Reading]:
    """The leaves of each condition that was asked, up to the one that holds; none of what is no dimension any more."""
    situation = Situation(facts=facts, numbers=engine.numbers, calendar=engine.calendar, at=at, standing=standing)
    values: dict[str, Reading] = {}
    for value in engine.asked.get(dimension, ()):
        explanation = explain(value.condition, situation)
        values |= explanation.values
        if explanation.truth:
            break
    return values
