"""Charts 圖表 as SVG: coloured by class, so that one drawing serves light, dark and print."""

from collections.abc import Sequence

from lifecycle.reports.elements.domain import Html, tag

WIDTH, HEIGHT, LEFT, FOOT = 720, 190, 48, 22


def lines(series: Sequence[tuple[str, str, Sequence[int]]], labels: Sequence[str]) -> Html:
    """(class, name, value of each label)."""
    most = max((value for *_, values in series for value in values), default=0) or 1
    top = _rounded(most)
    step = (WIDTH - LEFT - 8) / max(1, len(labels) - 1)

    def place(index: int, value: float) -> str:
        return f"{LEFT + index * step:.1f},{8 + (HEIGHT - FOOT - 8) * (1 - value / top):.1f}"

    grid = [_grid(top, share) for share in (0, 0.5, 1)]
    drawn = [
        tag(
            "polyline",
            tag("title", name),
            points=" ".join(place(index, value) for index, value in enumerate(values)),
            class_=f"line {kind}",
        )
        for kind, name, values in series
    ]
    ends = [
        tag("text", label, x=x, y=HEIGHT - 5, text_anchor=anchor)
        for label, x, anchor in ((labels[0], LEFT, "start"), (labels[-1], WIDTH - 8, "end"))
    ]
    return _svg(WIDTH, HEIGHT, [*grid, *drawn, *ends], " / ".join(name for _, name, _ in series))


def sparkline(series: Sequence[tuple[str, Sequence[int]]]) -> Html:
    """(class, values): the shape of a row of days, beside its sum."""
    most = max((value for _, values in series for value in values), default=0) or 1
    drawn = [
        tag(
            "polyline",
            points=" ".join(
                f"{2 + 116 * index / max(1, len(values) - 1):.1f},{22 - 20 * value / most:.1f}"
                for index, value in enumerate(values)
            ),
            class_=f"line {kind}",
        )
        for kind, values in series
    ]
    return _svg(120, 24, drawn, "", class_="spark")


def bars(values: Sequence[tuple[str, int]], most: int) -> Html:
    """(class, value), one under the other, to the scale of `most`."""
    drawn = [
        tag("rect", x=0, y=index * 11, width=f"{max(1, 200 * value / (most or 1)):.1f}", height=9, class_=kind)
        for index, (kind, value) in enumerate(values)
    ]
    return _svg(200, 11 * len(values), drawn, "", class_="bars")


def _grid(top: int, share: float) -> list[Html]:
    y = f"{8 + (HEIGHT - FOOT - 8) * (1 - share):.1f}"
    return [
        tag("line", x1=LEFT, x2=WIDTH - 8, y1=y, y2=y, class_="grid"),
        tag("text", f"{top * share:,.0f}", x=LEFT - 6, y=y, text_anchor="end", dominant_baseline="middle"),
    ]


def _rounded(most: int) -> int:
    """The next of 1, 2, 5, 10, 20, 50 …"""
    power = int(10 ** (len(str(most)) - 1))
    return power * next(each for each in (1, 2, 5, 10) if power * each >= most)


def _svg(width: int, height: int, drawn: object, name: str, class_: str | None = None) -> Html:
    return tag(
        "svg",
        drawn,
        viewBox=f"0 0 {width} {height}",
        width=width if class_ else None,
        height=height if class_ else None,
        class_=class_ or "chart",
        role="img",
        aria_label=name or None,
    )
