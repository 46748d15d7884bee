"""Names 名稱 in a condition: what is meant by them, and what is said of those that nothing is called."""

from collections.abc import Collection
from dataclasses import dataclass, field

from lifecycle.conditions.scopes.domain import Noun, Scope
from lifecycle.conditions.syntax.domain import Name, Quoted, Tree
from lifecycle.conditions.tokens.domain import excerpt, fault_at
from lifecycle.text.faults.domain import Fault, Said, Text
from lifecycle.text.likeness.domain import near

MOST_LISTED = 20
WORDS = ("stage", "health", "hour", "weekday", "holiday", "birthday", "always")
"""What may be asked by its bare name, beside attributes."""

_NOUNS: dict[Noun, tuple[str, str, str]] = {
    "metric": ("a metric", "指標", "{name}.count(30d) >= 1"),
    "attribute": ("an attribute", "屬性", "{name} = …"),
    "stage": ("a stage", "階段", "stage = {name}"),
    "health": ("a health", "健康度", "health = {name}"),
    "segment": ("a segment", "分群", "in({name})"),
    "field": ("a field of the event", "事件欄位", "event.{name}"),
    "weekday": ("a day of the week", "星期幾", "weekday in [{name}]"),
}
UNKNOWN = {
    noun: Text(
        f"unknown_{noun}",
        en=f"'{{name}}' is not {en}; there are: {{known}}",
        zh=f"沒有叫「{{name}}」的{zh}；現有：{{known}}",
    )
    for noun, (en, zh, _) in _NOUNS.items()
}
UNKNOWN_BUT_CLOSE = {
    noun: Text(
        f"unknown_{noun}_but_close",
        en=f"'{{name}}' is not {en}; did you mean '{{close}}'? There are: {{known}}",
        zh=f"沒有叫「{{name}}」的{zh}；是不是「{{close}}」？現有：{{known}}",
    )
    for noun, (en, zh, _) in _NOUNS.items()
}
MISTAKEN = {
    noun: Text(
        f"{noun}_mistaken",
        en=f"'{{name}}' is {en}, asked as {{use}}; one of these can stand here: {{known}}",
        zh=f"「{{name}}」是{zh}，要寫成 {{use}}；這裡可以放：{{known}}",
    )
    for noun, (en, zh, _) in _NOUNS.items()
}
ASKED_AS = {
    noun: Text(f"{noun}_asked_as", en=f"'{{name}}' is {en}, asked as {{use}}", zh=f"「{{name}}」是{zh}，要寫成 {{use}}")
    for noun, (en, zh, _) in _NOUNS.items()
}
NOT_NAMED = {
    noun: Text(
        f"{noun}_expected",
        en=f"here stands the name of {en}, one of: {{known}}; found '{{found}}'",
        zh=f"這裡要放{zh}的名稱：{{known}}；現在是「{{found}}」",
    )
    for noun, (en, zh, _) in _NOUNS.items()
}
EVENT_COUNTED = Text(
    "event_counted",
    en="'{name}' is an event; ask a metric that counts it: {known}",
    zh="「{name}」是事件；請改問計算它的指標：{known}",
)


@dataclass(frozen=True)
class Question:
    """One condition that is being checked: its text, what it may name, and the faults found so far."""

    source: str
    scope: Scope
    faults: list[Fault] = field(default_factory=list)

    def blame(self, node: Tree, text: Text, **values: Said) -> None:
        self.faults.append(fault_at(self.source, node.start, text, **values))

    def written(self, node: Tree) -> str:
        return excerpt(self.source, node.start, node.end)


def name_of(question: Question, node: Tree, noun: Noun) -> str | None:
    """The name that stands there, if something is called so. In quotes is as good."""
    match node:
        case Name(parts=(name,)) | Quoted(text=name):
            return name if is_called(question, node, name, noun) else None
        case Name() if is_event(question, node):
            pass
        case _:
            known = listed(question.scope.names[noun])
            question.blame(node, NOT_NAMED[noun], found=question.written(node), known=known)
    return None


def names_of(question: Question, nodes: tuple[Tree, ...], noun: Noun) -> tuple[str, ...] | None:
    """All of them, or None; whatever is wrong with any of them is told."""
    names = [name_of(question, node, noun) for node in nodes]
    found = tuple(name for name in names if name is not None)
    return found if len(found) == len(nodes) else None


def is_called(question: Question, node: Tree, name: str, noun: Noun) -> bool:
    """Whether one of that noun is called so; if not, that is told, with what may be meant."""
    there = question.scope.names[noun]
    if name in there:
        return True
    if other := _noun_of(question.scope, name):
        question.blame(node, MISTAKEN[other], name=name, use=_NOUNS[other][2].format(name=name), known=listed(there))
    else:
        _blame_unknown(question, node, name, noun, there=there, close_to=there)
    return False


def is_event(question: Question, node: Name) -> bool:
    """Whether it is an event that metrics count; if so, that is told."""
    event = ".".join(node.parts)
    counting = [name for name, counted in question.scope.metrics.items() if event in counted.events]
    if counting:
        question.blame(node, EVENT_COUNTED, name=event, known=listed(counting))
    return bool(counting)


def blame_alone(question: Question, node: Tree, name: str) -> None:
    """For a name that stands where an attribute might."""
    if other := _noun_of(question.scope, name):
        question.blame(node, ASKED_AS[other], name=name, use=_NOUNS[other][2].format(name=name))
        return
    anything = [*WORDS, *(each for names in question.scope.names.values() for each in names)]
    _blame_unknown(
        question, node, name, "attribute", there=dict.fromkeys((*question.scope.attributes, *WORDS)), close_to=anything
    )


def listed(names: Collection[str]) -> str:
    first = ", ".join(list(names)[:MOST_LISTED])
    return f"{first}, …" if len(names) > MOST_LISTED else first or "-"


def _blame_unknown(
    question: Question, node: Tree, name: str, noun: Noun, *, there: Collection[str], close_to: Collection[str]
) -> None:
    told, close = excerpt(name, 0, len(name)), near(name, close_to)
    if close:
        question.blame(node, UNKNOWN_BUT_CLOSE[noun], name=told, close=close, known=listed(there))
    else:
        question.blame(node, UNKNOWN[noun], name=told, known=listed(there))


def _noun_of(scope: Scope, name: str) -> Noun | None:
    return next((noun for noun, names in scope.names.items() if name in names), None)
