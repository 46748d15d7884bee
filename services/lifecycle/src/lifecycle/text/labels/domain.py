"""Labels 標示: what operators and members read, in Chinese and English."""

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


def as_label(most: int = 200) -> Reader[Label]:
    """`{zh: …, en: …}`, or one text for both."""
    text = as_text(most)
    return by_kind(
        text=then(text, lambda both: Label(both, both)),
        mapping=as_mapping(Label, {"zh": required(text), "en": required(text)}),
    )
