import pytest
from hypothesis import given
from hypothesis import strategies as st

from factories.conditions import accepted, refusals
from lifecycle.conditions.tokens.domain import Token, cut


def shown(text: str) -> list[str]:
    return [f"{token.number or ''}{token.text}" for token in cut(text).tokens]


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", [""]),
        ("orders.count(30d)>=2", ["orders", ".", "count", "(", "30d", ")", ">=", "2", ""]),
        ("2..5", ["2", "..", "5", ""]),
        ("3 mo 2 months_", ["3mo", "2", "months_", ""]),
        (
            "a=b<>c≠d≥e≤f×g−h、i",
            [*["a", "==", "b", "!=", "c", "!=", "d", ">=", "e", "<=", "f", "*", "g", "-", "h", ",", "i"], ""],
        ),
        ("（ａ．ｂ）　＞＝１２ｄ", ["(", "a", ".", "b", ")", ">=", "12d", ""]),
        ("週一 周二 星期天", ["mon", "tue", "sun", ""]),
        ("\ufeffa\u200bb", ["a", "b", ""]),
    ],
)
def test_text_is_cut_into_words_and_signs(text: str, tokens: list[str]) -> None:
    assert shown(text) == tokens


@pytest.mark.parametrize(
    ("quoted", "text"),
    [
        ('"gold"', "gold"),
        ("'gold'", "gold"),
        ("“金”", "金"),
        ("「金」", "金"),
        ("＂Ａ＂", "Ａ"),
        ('"a\\"b\\\\"', 'a"b\\'),
        ("'a\\'b'", "a'b"),
        (r'"\n\t\u4e0a\ud83d\ude00"', "\n\t上😀"),
        ('"（且）"', "（且）"),
    ],
)
def test_what_is_quoted_is_kept_as_it_is(quoted: str, text: str) -> None:
    [token, _] = cut(quoted).tokens
    assert token == Token("quoted", text, 0, len(quoted))


@given(st.text() | st.text(st.sampled_from("\"'“「\\\n a1.dmo周日小時且&|!<>=…−")))
def test_tokens_stand_in_order_and_leave_out_only_spaces_and_what_is_wrong(text: str) -> None:
    read = cut(text)
    assert read.tokens[-1].kind == "end"
    end = 0
    for token in read.tokens:
        assert end <= token.start <= token.end <= len(text)
        left_out = text[end : token.start].strip(" \t\n\r\x0b\x0c\x1c\x1d\x1e\x1f\x85\u200b\u2060\ufeff")
        assert not left_out.strip() or read.faults
        end = token.end


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("always && always", "1:8: instead of '&&' write and"),
        ("always || always", "1:8: instead of '||' write or"),
        ("! always", "1:1: instead of '!' write not"),
        ("always AND always", "1:8: instead of 'AND' write and"),
        ("Not always", "1:1: instead of 'Not' write not"),
        ("always 且 always", "1:8: instead of '且' write and"),
        ("always或者always", "1:7: instead of '或者' write or"),
        ("非always", "1:1: instead of '非' write not"),
        ("orders.count => 2", "1:14: instead of '=>' write >="),
        ("orders.count === 2", "1:14: instead of '===' write =="),
        ("orders.count in 2...5", "1:18: instead of '...' write .."),
        ("orders.count(30D) > 2", "1:14: instead of '30D' write 30d"),
        ("orders.count(3 months) > 2", "1:14: instead of '3 months' write 3mo"),
        ("since(orders) > 30天", "1:17: instead of '30天' write 30d"),
        (
            "since(orders) > 30x",
            (
                "1:17: '30x' is no length of time; the units are d (days), w (weeks), mo (months), "
                "in rules also h (hours), m (minutes)"
            ),
        ),
        (
            "orders.sum > 10.50",
            "1:14: '10.50' is not a whole number; money is in minor units (10.50 is 1050)",
        ),
        (
            "always and 訂單.count > 2",
            "1:12: '訂單' means nothing here; names are written with a-z, 0-9 and _, and texts in quotes",
        ),
        ("always 。", "1:8: '。' means nothing here; names are written with a-z, 0-9 and _, and texts in quotes"),
        ('tier = "gold and\nalways', "1:8: the quote that opens here is not closed on its line"),
        (r'tier = "a\qb"', r"1:10: '\q' stands for no character; a backslash is written twice"),
        (r'tier = "\ud800"', "1:8: this text holds what is no character"),
        (r'tier = "\u0000"', "1:8: this text holds what is no character"),
    ],
)
def test_what_is_no_word_of_ours_is_told(text: str, told: str) -> None:
    assert told in refusals(text)


def test_a_word_of_another_language_is_read_as_ours_for_what_follows() -> None:
    assert refusals("always && foo") == [
        "1:8: instead of '&&' write and",
        (
            "1:11: 'foo' is not an attribute; there are: tier, city, level, vip, consent_promo, birthday, stage, health, hour, "
            "weekday, holiday, always"
        ),
    ]


@pytest.mark.parametrize("text", ["tier = 'gold'", "tier=“gold”", "(tier) == 「gold」", '"gold" = tier'])
def test_quotes_of_every_kind(text: str) -> None:
    assert str(accepted(text)) == 'tier == "gold"'
