"""Refusals 拒絕: what may be asked where in a policy, and why not elsewhere.

Where a member stands must have a bounded next change: whoever wakes at it finds every change that time alone brings. Stages
are found first, then health, then segments, each of which may ask only what was found before.
"""

from lifecycle.conditions.names.domain import Question, listed
from lifecycle.conditions.scopes.domain import ALLOWED, Construct
from lifecycle.conditions.syntax.domain import Tree
from lifecycle.text.faults.domain import Text

NOT_FOUND_YET = Text(
    "not_found_yet",
    en="'{found}' is not known yet in {place}: stages are found first, then health, then segments; repeat its condition here, "
    "or ask it in what comes later or in a rule",
    zh="在 {place} 裡還不知道「{found}」：先判定階段，再判定健康度，最後是分群；請在這裡重寫它的條件，或改放在後面的部分或規則裡",
)
BY_THE_CLOCK = Text(
    "by_the_clock",
    en="'{found}' cannot stand in {place}: time alone must tell when a member's standing changes next, and this would turn it "
    "over and over for everybody at once; put it in the `if` of a rule",
    zh="「{found}」不能放在 {place}：會員狀態的下一次變化必須由時間就能算出，而它會讓所有人同時反覆變動；請放到規則的 if 裡",
)
BY_THE_CALENDAR = Text(
    "by_the_calendar",
    en="'{found}' cannot stand in {place}: time alone must tell when a member's standing changes next, and this depends on "
    "dates that may still be changed; put it in the `if` of a rule",
    zh="「{found}」不能放在 {place}：會員狀態的下一次變化必須由時間就能算出，而它取決於還可能修改的日期；請放到規則的 if 裡",
)
BY_THE_PAST = Text(
    "by_the_past",
    en="'{found}' cannot stand in {place}: where members stand follows from what they did, not from how long they stood "
    "somewhere, so that time alone tells the next change; put it in the `if` of a rule, or let a rule be triggered by held",
    zh="「{found}」不能放在 {place}：會員的狀態由其行為決定，不看先前停留多久，這樣才能由時間算出下一次變化；請放到規則的 if 裡，或用 held 觸發",
)
BETWEEN_AGES = Text(
    "between_ages",
    en="'{found}' cannot stand in {place}: time alone must tell when a member's standing changes next, and a difference of ages is "
    "changed by events, not by time; compare each age with days, or put it in the `if` of a rule",
    zh="「{found}」不能放在 {place}：會員狀態的下一次變化必須由時間就能算出，而兩個經過天數的差只隨事件改變；請各自與天數比較，或放到規則的 if 裡",
)
NO_EVENT_AT_HAND = Text(
    "no_event_at_hand",
    en="'{found}' cannot stand in {place}: time alone must tell when a member's standing changes next, and no event is at hand "
    "then; filter a metric by it (where), or put it in the `if` of a rule",
    zh="「{found}」不能放在 {place}：會員狀態的下一次變化必須由時間就能算出，那時手上沒有事件；請用指標的 where 篩選，或放到規則的 if 裡",
)
ONLY_FIELDS = Text(
    "only_fields",
    en="'{found}': the filter of a metric asks nothing but fields of the event itself, so that the order of events does not "
    "matter; there are: {known}",
    zh="「{found}」：指標的篩選只能用事件自己的欄位，這樣事件的先後不會影響結果；現有：{known}",
)

_REASONS: dict[Construct, Text] = {
    "facts": ONLY_FIELDS,
    "stage": NOT_FOUND_YET,
    "health": NOT_FOUND_YET,
    "segment": NOT_FOUND_YET,
    "clock": BY_THE_CLOCK,
    "calendar": BY_THE_CALENDAR,
    "stayed": BY_THE_PAST,
    "gap": BETWEEN_AGES,
    "event": NO_EVENT_AT_HAND,
}


def may_stand(question: Question, node: Tree, construct: Construct) -> bool:
    """Whether it may be asked here; if not, the reason is told."""
    here = question.scope.asked_in
    if here in ALLOWED[construct]:
        return True
    if here == "where":
        question.blame(node, ONLY_FIELDS, found=question.written(node), known=listed(question.scope.fields))
    else:
        question.blame(node, _REASONS[construct], found=question.written(node), place=here)
    return False
