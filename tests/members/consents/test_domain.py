import pytest

from members.consents.domain import Consent, is_news

YES, NO = Consent(version="v1", given=True), Consent(version="v1", given=False)
NEWER_YES, NEWER_NO = Consent(version="v2", given=True), Consent(version="v2", given=False)


@pytest.mark.parametrize(
    ("before", "said"),
    [(None, YES), (None, NO), (YES, NO), (NO, YES), (YES, NEWER_YES), (YES, NEWER_NO), (NO, NEWER_YES)],
)
def test_another_answer_or_another_text_said_yes_to_is_news(before: Consent | None, said: Consent) -> None:
    assert is_news(said, before=before)


@pytest.mark.parametrize(("before", "said"), [(YES, YES), (NO, NO), (NO, NEWER_NO)])
def test_the_same_again_and_a_no_to_one_more_text_are_not(before: Consent, said: Consent) -> None:
    assert not is_news(said, before=before)
