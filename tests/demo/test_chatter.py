from datetime import date, timedelta

from demo.chatter import MOST_MESSAGES, Chatter

STORES = {household: 300 + household % 5 for household in range(400)}
DAYS = [date(2017, 1, 1) + timedelta(days=n) for n in range(60)]


def test_the_same_seed_says_the_same_whoever_is_there() -> None:
    some = [household for household in STORES if household % 2]

    for day in DAYS[:5]:
        everybody = {chat.household: chat for chat in Chatter(seed=1, stores=STORES).on(day, iter(STORES))}
        few = list(Chatter(seed=1, stores=STORES).on(day, iter(some)))
        assert few == [everybody[household] for household in some if household in everybody]
    assert list(Chatter(seed=2, stores=STORES).on(DAYS[0], iter(STORES))) != list(
        Chatter(seed=1, stores=STORES).on(DAYS[0], iter(STORES))
    )


def test_most_write_seldom_and_a_few_almost_daily() -> None:
    chatter = Chatter(seed=1, stores=STORES)
    written = [chat for day in DAYS for chat in chatter.on(day, iter(STORES))]
    days = [sum(chat.household == household for chat in written) for household in STORES]

    assert 0.08 < sum(days) / len(STORES) / len(DAYS) < 0.18
    assert sorted(days)[len(days) // 2] < len(DAYS) / 10
    assert max(days) > len(DAYS) / 2
    assert all(1 <= len(chat.messages) <= MOST_MESSAGES and chat.store == STORES[chat.household] for chat in written)
