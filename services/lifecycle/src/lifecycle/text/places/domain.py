"""Places 位置 of the parts of a document by their paths, for whoever checks a whole that has been read."""

from collections.abc import Iterator
from collections.abc import Mapping as Named

import msgspec

from lifecycle.text.documents.domain import Mapping, Node, Sequence
from lifecycle.text.faults.domain import Fault, Place
from lifecycle.text.paths.domain import nth, under


def places(node: Node) -> dict[str, Place]:
    """By path; a list of `- name: value` also by its names."""
    return dict(_places(node, ""))


def located(fault: Fault, known: Named[str, Place]) -> Fault:
    """The fault with the place of its path, or of the nearest part around it."""
    path = fault.path
    while path and path not in known:
        path = path[: max(path.rfind("."), path.rfind("["), 0)]
    return msgspec.structs.replace(fault, place=fault.place or known.get(path))


def _places(node: Node, path: str) -> Iterator[tuple[str, Place]]:
    yield path, node.place
    if isinstance(node, Mapping):
        for key, value in node.pairs:
            yield from _places(value, under(path, key.text))
    elif isinstance(node, Sequence):
        for index, item in enumerate(node.items):
            yield from _places(item, nth(path, index))
            if isinstance(item, Mapping) and len(item.pairs) == 1:
                key, value = item.pairs[0]
                yield from _places(value, under(path, key.text))
