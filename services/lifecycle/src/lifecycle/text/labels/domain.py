"""Labels 標示: what operators and members read, in Chinese and English."""

from collections.abc import Mapping
from typing import TypeAlias

import msgspec

from lifecycle.text.faults.domain import Language
from lifecycle.text.notations.domain import as_text
from lifecycle.text.readers.domain import Reader, by_kind, then
from lifecycle.text.shapes.domain import as_mapping, required


class Label(msgspec.Struct, frozen=True):
    zh: str
    en: str

    def within(self, language: Language) -> str:
        return self.zh if language == "zh" else self.en


Titles: TypeAlias = Mapping[str, Mapping[str, Label]]
"""What operators call something: by its kind (`value`, `rule`, `cap`) and how the policy writes it."""

UNTITLED: Titles = {}


def called(titles: Titles, kind: str, code: str, language: Language) -> str:
    """`促活 (activate)`: its title with its code, that it can be found by; one of them, where both say the same."""
    title = titles.get(kind, {}).get(code)
    if title is None:
        return code
    words = title.within(language)
    is_same = words.casefold().replace(" ", "_") == code
    return words if is_same or " " in code else f"{words} ({code})"


def as_label(most: int = 200) -> Reader[Label]:
    """`{zh: …, en: …}`, or one text for both."""
    text = as_text(most)
    return by_kind(
        text=then(text, lambda both: Label(both, both)),
        mapping=as_mapping(Label, {"zh": required(text), "en": required(text)}),
    )
