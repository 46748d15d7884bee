from lifecycle.text.paths.domain import nth, under


def test_a_path_reads_as_the_way_through_the_document() -> None:
    assert under(nth(under(under(under("", "rules"), "welcome"), "do"), 0), "message") == "rules.welcome.do[1].message"


def test_a_long_key_is_clipped() -> None:
    assert len(under("", "a" * 100_000)) < 100
