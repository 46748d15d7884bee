import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.reports.charts.domain import HEIGHT, WIDTH, bars, lines, sparkline

values = st.lists(st.integers(0, 10**7), min_size=1, max_size=50)


@given(values, values)
def test_every_point_is_inside_of_the_drawing(one: list[int], other: list[int]) -> None:
    drawn = lines([("happened", "a", one), ("tried", "b", other)], [str(n) for n in range(max(len(one), len(other)))])
    spark = sparkline([("happened", one), ("tried", other)])
    for text, width, height in ((drawn, WIDTH, HEIGHT), (spark, 120, 24)):
        points = re.findall(r"([-\d.]+),([-\d.]+)", " ".join(re.findall(r'points="([^"]*)"', text)))
        assert len(points) == len(one) + len(other)
        assert all(0 <= float(x) <= width and 0 <= float(y) <= height for x, y in points)


@given(values)
def test_a_bar_is_as_long_as_its_share(counts: list[int]) -> None:
    widths = [
        float(each)
        for each in re.findall(r'<rect[^>]* width="([\d.]+)"', bars([("tried", n) for n in counts], max(counts)))
    ]
    assert widths == [pytest.approx(max(1, 200 * n / (max(counts) or 1)), abs=0.1) for n in counts]
