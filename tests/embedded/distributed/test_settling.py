"""What the databases of many processes say of work that is not done."""

from dataclasses import replace

import pytest

from common.bus.position import Position
from embedded.distributed.settling import Standing, find_unread
from embedded.services import SERVICES

HEAD = Position(1, 7)
TAILS = [[1, 7], [1, 3]]


def everything_done() -> dict[str, Standing]:
    return {
        name: Standing(head=HEAD, sent_to=HEAD, tails=TAILS, handled=dict.fromkeys(service.handlers.producers, TAILS))
        for name, service in SERVICES.items()
    }


def test_nothing_is_left_when_all_was_sent_and_handled() -> None:
    assert list(find_unread(everything_done())) == []


@pytest.mark.parametrize("sent_to", [None, Position(1, 6), Position(0, 9)])
def test_what_was_not_sent_is_unread_though_all_that_was_sent_is_handled(sent_to: Position | None) -> None:
    standings = everything_done()
    standings["orders"] = replace(standings["orders"], sent_to=sent_to)
    assert not standings["orders"].sent
    assert all("the relay of orders has sent up to" in line for line in find_unread(standings))
    assert any(find_unread(standings))


@pytest.mark.parametrize("handled", [None, [], [[1, 7]], [[1, 7], [1, 2]]])
def test_every_partition_has_to_be_handled_by_everyone_who_reads(handled: list[list[int]] | None) -> None:
    standings = everything_done()
    its = dict(standings["lifecycle"].handled)
    del its["orders"]
    if handled is not None:
        its["orders"] = handled
    standings["lifecycle"] = replace(standings["lifecycle"], handled=its)
    assert list(find_unread(standings)) == ["lifecycle has not handled everything that orders sent up to 1/7"]
