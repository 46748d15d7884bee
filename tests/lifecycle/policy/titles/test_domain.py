from lifecycle.authoring.domain import author
from lifecycle.authoring.service import shipped_text
from lifecycle.policy.titles.domain import titles_of
from lifecycle.text.labels.domain import Label, called


def test_all_of_the_shipped_policy_has_titles_in_both_languages() -> None:
    policy = author(shipped_text(), tz="Asia/Shanghai").policy
    assert policy
    titles = titles_of(policy)
    values = (*policy.stages, *policy.health, *policy.segments)
    assert titles["value"].keys() == {value.name for value in values}
    assert titles["rule"].keys() == {rule.id for rule in policy.rules}
    assert titles["value"]["acquire"] == Label(en="Acquire", zh="拉新")
    assert called(titles, "cap", "3 promo a week", "zh") == "每週 3 次 promo"
    assert called(titles, "cap", "4 promo by wecom a month", "zh") == "每月 4 次 promo（wecom）"
    assert called(titles, "cap", "3 promo a week", "en") == "3 promo a week"
    assert called(titles, "rule", "loyal", "zh") != called(titles, "value", "loyal", "zh")
