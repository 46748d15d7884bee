"""Elements 元素 of a page: text is escaped where it is put in, so that no name that an operator chose can become markup."""

from html import escape

_EMPTY = frozenset({"meta", "br", "rect", "line", "polyline", "circle"})


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


def tag(name: str, /, *children: object, **attributes: object) -> Html:
    """`tag("td", 3, class_="number")`; an underscore at the end of an attribute's name is left out, others are hyphens."""
    opened = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _EMPTY and not children:
        return Html(f"<{name}{opened}/>" if name not in {"meta", "br"} else f"<{name}{opened}>")
    return Html(f"<{name}{opened}>{join(children)}</{name}>")


def join(children: object) -> Html:
    """What is not markup is escaped; lists are put one after the other; None is nothing."""
    if children is None:
        return Html("")
    if isinstance(children, Html):
        return children
    if isinstance(children, list | tuple):
        return Html("".join(map(join, children)))
    return Html(escape(str(children)))


def table(header: list[object], rows: list[list[object]], *, texts: int = 1) -> Html:
    """The first `texts` columns are text, the others numbers."""

    def row(cell: str, cells: list[object]) -> Html:
        return tag("tr", [tag(cell, each, class_=None if index < texts else "n") for index, each in enumerate(cells)])

    body = tag("tbody", [row("td", cells) for cells in rows])
    return tag("div", tag("table", tag("thead", row("th", header)), body), class_="wide")
