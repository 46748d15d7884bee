import pytest

from lifecycle.text.documents.domain import read_document
from lifecycle.text.faults.domain import Fault, Place, Text
from lifecycle.text.places.domain import located, places

NODE, _ = read_document("stages:\n  - acquire: always\n  - retain: [a, b]\nrules:\n  x.y:\n    do: [{coupon: c}]\n")
assert NODE
KNOWN = places(NODE)
WRONG = Text("wrong", en="wrong", zh="錯")


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("", Place(1, 1)),
        ("stages", Place(2, 3)),
        ("stages[2].retain[2]", Place(3, 17)),
        ("stages.retain[2]", Place(3, 17)),
        ("stages.acquire", Place(2, 14)),
        ("rules.x.y.do[1].coupon", Place(6, 19)),
        ("rules.x.y.do[1].points", Place(6, 10)),
        ("rules.x.y.do[7]", Place(6, 9)),
        ("rules.welcome.when", Place(5, 3)),
        ("segments.loyal", Place(1, 1)),
    ],
)
def test_a_fault_gets_the_place_of_its_path_or_of_what_is_around_it(path: str, place: Place) -> None:
    assert located(Fault(text=WRONG, path=path), KNOWN) == Fault(text=WRONG, path=path, place=place)


def test_a_place_that_is_known_stays() -> None:
    fault = Fault(text=WRONG, path="stages", place=Place(9, 9))
    assert located(fault, KNOWN) == fault
