"""The words of a report: there are some for whatever a decision may come to."""

from typing import get_args

from lifecycle.receipts.domain import ACTED
from lifecycle.reports.wordings.domain import REASONS
from lifecycle.stepping.checks.domain import Reason


def test_every_outcome_has_words() -> None:
    assert set(REASONS) == {ACTED, *get_args(Reason)}
