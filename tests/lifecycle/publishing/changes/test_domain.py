"""What changes come to, in their order."""

from datetime import UTC, datetime

import pytest

from lifecycle.publishing.changes.domain import Change, InForce, in_force

AT = datetime(2026, 3, 2, tzinfo=UTC)
BEGUN = (
    Change(revision=1, kind="prepared", version=1),
    Change(revision=2, kind="published", version=1, effective_at=AT),
)


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ((), InForce()),
        (BEGUN, InForce(revision=2, published=((1, AT),))),
        (
            (*BEGUN, Change(revision=3, kind="prepared", version=2), Change(revision=4, kind="prepared", version=3)),
            InForce(revision=4, published=((1, AT),), prepared=(2, 3)),
        ),
        (
            (
                *BEGUN,
                Change(revision=3, kind="prepared", version=2),
                Change(revision=4, kind="published", version=2, effective_at=AT),
            ),
            InForce(revision=4, published=((1, AT), (2, AT))),
        ),
        (
            (*BEGUN, Change(revision=3, kind="prepared", version=2), Change(revision=4, kind="abandoned", version=2)),
            InForce(revision=4, published=((1, AT),)),
        ),
        (
            (
                *BEGUN,
                Change(revision=3, kind="prepared", version=2),
                Change(revision=4, kind="published", version=2, effective_at=AT),
                Change(revision=5, kind="abandoned", version=2),
            ),
            InForce(revision=5, published=((1, AT),)),
        ),
        (
            (*BEGUN, Change(revision=3, kind="paused", rule="a"), Change(revision=4, kind="paused", rule="b")),
            InForce(revision=4, published=((1, AT),), paused=frozenset({"a", "b"})),
        ),
        (
            (*BEGUN, Change(revision=3, kind="paused", rule="a"), Change(revision=4, kind="resumed", rule="a")),
            InForce(revision=4, published=((1, AT),)),
        ),
    ],
    ids=[
        "nothing",
        "begun",
        "two in preparation",
        "published",
        "abandoned",
        "abandoned before its moment",
        "paused",
        "resumed",
    ],
)
def test_what_is_in_force(changes: tuple[Change, ...], state: InForce) -> None:
    assert in_force(changes) == state


@pytest.mark.parametrize(
    "change", [Change(revision=1, kind="published", version=1), Change(revision=1, kind="paused", version=1)]
)
def test_a_change_that_says_too_little_is_refused(change: Change) -> None:
    with pytest.raises(ValueError, match="revision 1"):
        in_force([change])
