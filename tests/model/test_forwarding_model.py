"""Identities come together and part in every order, and each rule of forwarding is needed."""

from dataclasses import replace

import pytest

from model.forwarding import Forwarding, scripts
from model.search import search

LIMIT = 60_000

TIMED = Forwarding(scripts(a="1 4", b="2 3>a 5"), time_passes=True)
CHAIN = Forwarding(scripts(a="1", b="2 5>a 8", c="3 4>b 7"))
AGAIN = Forwarding(scripts(a="1", b="2>a 3 4< 5 6>a 7"))
ANOTHER_WAY = Forwarding(scripts(a="", b="2>a", c="1>b 3 4< 5>a 6 7< 8>b 9"))
CIRCLE = Forwarding(scripts(a="1>b", b="2>c 5", c="3>a 4"))

HOLDS = {
    "merged while time passes": TIMED,
    "a chain, from either end": CHAIN,
    "merged, parted, merged again": AGAIN,
    "to the root by itself and back": ANOTHER_WAY,
    "into one another": Forwarding(scripts(a="1>b 3 7<", b="2>a 4 8<")),
    "round in a circle": CIRCLE,
    "a chain while time passes": replace(CHAIN, time_passes=True),
    "the one between goes elsewhere": Forwarding(scripts(a="", b="2>a 4< 6>d", c="1>b 3 7", d="5>a")),
}
FAILS = {
    "by_path": (replace(ANOTHER_WAY, by_path=False), "knows of"),
    "in_order": (replace(AGAIN, in_order=False), "knows of"),
    "waits_for_lanes": (replace(TIMED, waits_for_lanes=False), "time passed"),
    "waits_for_mail": (replace(TIMED, waits_for_mail=False), "time passed"),
    "refuses_circles": (replace(CIRCLE, refuses_circles=False), "a circle"),
}


@pytest.mark.parametrize("model", HOLDS.values(), ids=HOLDS)
def test_what_is_known_of_everybody_is_what_they_did(model: Forwarding) -> None:
    assert search(model, limit=LIMIT).wrong is None


@pytest.mark.parametrize("rule", FAILS)
def test_without_a_rule_it_goes_wrong(rule: str) -> None:
    model, what = FAILS[rule]
    verdict = search(model, limit=LIMIT)
    assert verdict.wrong is not None
    assert what in verdict.wrong
