"""An edit 編輯 of one segment in a policy's text: every other line stays as its author wrote it."""

import re

import msgspec

from lifecycle.text.documents.domain import Mapping, read_document
from lifecycle.text.labels.domain import Label

SEGMENTS = "segments"
_BARE = re.compile(r"[A-Za-z(][^#:\n]*")


class EditImpossible(ValueError):
    """The text is written so that a line cannot be put into it."""


def with_segment(text: str, name: str, condition: str, *, title: Label | None = None) -> str:
    """The text with a segment added at the end of the segments, or in the place of the one of that name. Raises
    EditImpossible.
    """
    written = condition if _BARE.fullmatch(condition) and not title else msgspec.json.encode(condition).decode()
    if title is not None:
        told = msgspec.json.encode({"en": title.en, "zh": title.zh}).decode()
        written = f"{{if: {written}, title: {told}}}"
    lines, block = _block(text)
    if block is None:
        return "".join([*_ended(lines), f"\n{SEGMENTS}:\n  {name}: {written}\n"])
    first, last = block.get(name) or (max(end for _, end in block.values()),) * 2
    indent = " " * min(len(lines[start]) - len(lines[start].lstrip()) for start, _ in block.values())
    return "".join([*_ended(lines[:first]), f"{indent}{name}: {written}\n", *lines[last:]])


def without_segment(text: str, name: str) -> str:
    """The text without a segment, and without the word `segments` if it was the only one. Raises EditImpossible, KeyError."""
    lines, block = _block(text)
    if block is None or name not in block:
        raise KeyError(name)
    first, last = block[name]
    if len(block) == 1:
        first = next(index for index in range(first, -1, -1) if lines[index].startswith(f"{SEGMENTS}:"))
    return "".join([*lines[:first], *lines[last:]])


def _block(text: str) -> tuple[list[str], dict[str, tuple[int, int]] | None]:
    """The lines, and of each segment the first line and the one after its last, counted from 0; None where there is none."""
    node, faults = read_document(text)
    if not isinstance(node, Mapping):
        raise EditImpossible(str(faults[0]) if faults else "the text is no policy")
    lines = text.splitlines(keepends=True)
    keys = [key for key, _ in node.pairs]
    for index, (key, value) in enumerate(node.pairs):
        if key.text == SEGMENTS:
            ends = [after.place.line - 1 for after in keys[index + 1 :]]
            if not isinstance(value, Mapping) or not value.pairs:
                raise EditImpossible(f"line {key.place.line}: expected segments below one another")
            starts = [each.place.line - 1 for each, _ in value.pairs]
            if starts[0] == key.place.line - 1 or len(set(starts)) < len(starts):
                raise EditImpossible(
                    f"line {key.place.line}: the segments stand on one line; give each a line of its own"
                )
            bounds = [*starts[1:], min(ends, default=len(lines))]
            spans = [(start, _trimmed(lines, start, end)) for start, end in zip(starts, bounds, strict=True)]
            return lines, {each.text: span for (each, _), span in zip(value.pairs, spans, strict=True)}
    return lines, None


def _trimmed(lines: list[str], start: int, end: int) -> int:
    """Blank lines and comments before the next part belong to that."""
    while end > start + 1 and lines[end - 1].strip()[:1] in {"", "#"}:
        end -= 1
    return end


def _ended(lines: list[str]) -> list[str]:
    """The last line may have no end."""
    return [*lines[:-1], lines[-1].rstrip("\r\n") + "\n"] if lines else lines
