"""Message templates 消息模板: a text in both languages with named placeholders."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

State = Literal["active", "retired"]

_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]{0,31})\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """`placeholders`: name → what stands there when nobody says otherwise; so that it can always be sent."""

    code: str
    text_zh: str
    text_en: str
    placeholders: Mapping[str, str]

    def render(self, values: Mapping[str, str] | None = None) -> tuple[str, str]:
        """The text in Chinese and in English. Values are put in once, never read again."""
        filled = {**self.placeholders, **(values or {})}
        return _fill(self.text_zh, filled), _fill(self.text_en, filled)


def faults(template: Template) -> list[str]:
    """What is wrong with a template, a sentence each."""
    used = {*_PLACEHOLDER.findall(template.text_zh), *_PLACEHOLDER.findall(template.text_en)}
    found = [
        f"placeholders: {name} is in the text and has no default" for name in sorted(used - {*template.placeholders})
    ]
    found += [f"placeholders: {name} is not in the text" for name in sorted({*template.placeholders} - used)]
    for field, text in (("text_zh", template.text_zh), ("text_en", template.text_en)):
        if re.search(r"[{}]", _PLACEHOLDER.sub("", text)):
            found.append(f"{field}: a brace belongs to a placeholder such as {{name}}")
    return found


def _fill(text: str, values: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda match: values[match.group(1)], text)


# Those that the lifecycle's default policy names. A new installation starts with them; operators change them.
DEFAULT_TEMPLATES = (
    Template(
        code="welcome",
        text_zh="歡迎加入{shop}！新人券已放進你的券包，下單時可直接使用。",
        text_en="Welcome to {shop}! A newcomer's coupon is in your wallet, ready for your first order.",
        placeholders={"shop": "Huitou"},
    ),
    Template(
        code="hello",
        text_zh="你好，鄰居們都在群裡聊今天吃什麼，來看看吧。",
        text_en="Hello! Your neighbours are talking about what is for dinner. Come and have a look.",
        placeholders={},
    ),
    Template(
        code="top_offers",
        text_zh="大家都在買：本週最受歡迎的團購已整理好。",
        text_en="What everybody is buying: this week's favourites in one list.",
        placeholders={},
    ),
    Template(
        code="what_is_new",
        text_zh="這幾天上新了不少好貨，看看有沒有你喜歡的。",
        text_en="Plenty of new things came in these days. See whether something is for you.",
        placeholders={},
    ),
    Template(
        code="glad_you_are_back",
        text_zh="很高興你回來了！",
        text_en="Glad you are back!",
        placeholders={},
    ),
    Template(
        code="offer_of_day",
        text_zh="今日推薦：一份專為鄰居準備的好價。",
        text_en="Offer of the day: a good price, made for neighbours.",
        placeholders={},
    ),
    Template(
        code="thanks",
        text_zh="謝謝你的訂單，取貨時見。",
        text_en="Thank you for your order. See you at the pick-up point.",
        placeholders={},
    ),
)
