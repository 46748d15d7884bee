import msgspec
import pytest

from common.ids import new_id
from orders.adapters.providers import DevelopmentProvider, Payable
from orders.errors import CallbackRejected

PROVIDER = DevelopmentProvider("a secret of the tests")


async def a_callback(**changes: object) -> bytes:
    payment_id = new_id()
    instructions = await PROVIDER.open(Payable(payment_id=payment_id, amount_minor=100, currency="CNY"))
    body = {
        "payment_id": payment_id,
        "token": instructions["token"],
        "outcome": "paid",
        "transaction_id": "t-1",
        "amount_minor": 100,
        "currency": "CNY",
    }
    return msgspec.json.encode(body | changes)


async def test_whoever_has_the_token_can_say_that_it_is_paid() -> None:
    notice = PROVIDER.read_callback(await a_callback(), {})

    assert (notice.outcome, notice.amount_minor, notice.transaction_id) == ("paid", 100, "t-1")


@pytest.mark.parametrize(
    "changes",
    [
        {"token": "0" * 64},
        {"token": "ü"},
        {"payment_id": str(new_id())},
        {"outcome": "perhaps"},
        {"transaction_id": ""},
        {"transaction_id": "a\0b"},
        {"amount_minor": -1},
        {"amount_minor": 10**15 + 1},
        {"amount_minor": 1.5},
        {"currency": "yuan"},
        {"more": 1},
    ],
)
async def test_a_callback_that_is_not_right_is_rejected(changes: dict[str, object]) -> None:
    with pytest.raises(CallbackRejected):
        PROVIDER.read_callback(await a_callback(**changes), {})


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"\xff", b'{"payment_id":'])
async def test_what_is_no_callback_is_rejected(body: bytes) -> None:
    with pytest.raises(CallbackRejected):
        PROVIDER.read_callback(body, {})


async def test_a_token_of_another_installation_does_not_count() -> None:
    with pytest.raises(CallbackRejected):
        DevelopmentProvider("another secret there").read_callback(await a_callback(), {})
