"""Every kind of fault that any concept of the lifecycle declares."""

import importlib
import pkgutil
import re
from collections import Counter
from collections.abc import Iterator
from string import Formatter

import pytest

import lifecycle
from lifecycle.faults.domain import Fault, Place, Text


def declared() -> Iterator[Text]:
    for module in pkgutil.walk_packages(lifecycle.__path__, "lifecycle."):
        if module.name.endswith(".domain"):
            for value in vars(importlib.import_module(module.name)).values():
                yield from _texts(value)


def _texts(value: object) -> list[Text]:
    found = value.values() if isinstance(value, dict) else [value]
    return [each for each in found if isinstance(each, Text)]


TEXTS = {id(text): text for text in declared()}.values()


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.code)
def test_both_languages_say_the_same(text: Text) -> None:
    assert _places(text.en) == _places(text.zh)
    assert re.search("[\u4e00-\u9fff]", text.zh)
    assert not re.search("[\u4e00-\u9fff]", text.en)


def test_a_code_is_given_once() -> None:
    assert [code for code, times in Counter(text.code for text in TEXTS).items() if times > 1] == []


def test_a_fault_is_told_with_its_place() -> None:
    text = Text("unknown", en="no {name!r}", zh="沒有「{name}」")
    fault = Fault(text=text, path="rules.welcome.if", place=Place(2, 7), values={"name": "x"})

    assert str(fault) == "2:7: rules.welcome.if: no 'x'"
    assert fault.message("zh") == "沒有「x」"


def _places(text: str) -> list[str]:
    """What is filled in, without how it is shown."""
    return sorted(name for _, name, _, _ in Formatter().parse(text) if name is not None)
