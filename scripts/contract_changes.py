"""What differs between two JSON Schemas of one event type: what breaks its readers or its stored events, and what only grows it.

A version is read by older and newer code alike, and strictly: a literal that a reader does not know, or a bound that it
does not share, is an event that it cannot decode. So within a version only one change is allowed: a new field that may be absent.
Words (title, description) are free.
"""

from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]
WORDS = {"$schema", "$id", "$comment", "title", "description", "examples"}
_STRUCTURE = {"$ref", "$defs", "properties", "required", "items", "anyOf", "enum", "discriminator"}


def breaking_changes(published: Schema, current: Schema) -> list[str]:
    """A line for each change that is not allowed within a version."""
    return list(_Comparison(published, current).differences("data", published, current))


def same_but_for_words(published: Schema, current: Schema) -> bool:
    """Whether nothing has grown either."""
    return bool(_without_words(published) == _without_words(current))


def _without_words(schema: Any) -> Any:
    if isinstance(schema, Mapping):
        return {
            name: {field: _without_words(part) for field, part in value.items()}
            if name in {"properties", "$defs"}
            else _without_words(value)
            for name, value in schema.items()
            if name not in WORDS
        }
    if isinstance(schema, list):
        return [_without_words(part) for part in schema]
    return schema


class _Comparison:
    def __init__(self, published: Schema, current: Schema) -> None:
        self._published = published
        self._current = current

    def differences(self, path: str, old: Schema, new: Schema) -> Iterator[str]:
        old, new = _resolve(self._published, old), _resolve(self._current, new)
        for name in sorted((old.keys() | new.keys()) - WORDS - _STRUCTURE):
            before, after = old.get(name, "nothing"), new.get(name, "nothing")
            if before != after:
                yield f"{path}: {name} was {before}, is {after}"
        yield from _literals(path, old, new)
        yield from self._fields(path, old, new)
        yield from self._alternatives(path, old, new)
        if "items" in old or "items" in new:
            yield from self.differences(f"{path}[]", old.get("items", {}), new.get("items", {}))

    def _fields(self, path: str, old: Schema, new: Schema) -> Iterator[str]:
        fields, now = old.get("properties", {}), new.get("properties", {})
        required, asked = set(old.get("required", ())), set(new.get("required", ()))
        for name, field in fields.items():
            here = f"{path}.{name}"
            if name not in now:
                yield f"{here}: removed"
                continue
            if (name in required) != (name in asked):
                yield f"{here}: was {'required' if name in required else 'optional'}, is no longer"
            yield from self.differences(here, field, now[name])
        for name in now.keys() - fields.keys():
            if name in asked:
                yield f"{path}.{name}: new and required; a new field has a default"

    def _alternatives(self, path: str, old: Schema, new: Schema) -> Iterator[str]:
        before, after = self._by_kind(self._published, old), self._by_kind(self._current, new)
        for kind in sorted(before.keys() | after.keys()):
            if kind not in after:
                yield f"{path}: may no longer be {kind}"
            elif kind not in before:
                yield f"{path}: may now be {kind} too"
            else:
                yield from self.differences(f"{path}<{kind}>", before[kind], after[kind])

    @staticmethod
    def _by_kind(document: Schema, schema: Schema) -> dict[str, Schema]:
        """The alternatives of a union, by their tag, else by their type."""
        alternatives = [_resolve(document, part) for part in schema.get("anyOf", ())]
        tag = schema.get("discriminator", {}).get("propertyName")
        return {_kind(part, tag): part for part in alternatives}


def _kind(schema: Schema, tag: str | None) -> str:
    if tag is not None:
        return " or ".join(map(str, schema.get("properties", {}).get(tag, {}).get("enum", ["anything"])))
    return str(schema.get("type", schema.get("enum", "anything")))


def _literals(path: str, old: Schema, new: Schema) -> Iterator[str]:
    before, after = set(old.get("enum", ())), set(new.get("enum", ()))
    if gone := before - after:
        yield f"{path}: {', '.join(map(repr, sorted(gone, key=str)))} can no longer be read"
    if added := after - before:
        yield f"{path}: {', '.join(map(repr, sorted(added, key=str)))} cannot be read by those who have this version already"


def _resolve(document: Schema, schema: Schema) -> Schema:
    """What a reference stands for, with what stands beside it; msgspec keeps them all in `$defs`."""
    if "$ref" not in schema:
        return schema
    name = schema["$ref"].rpartition("/")[2]
    return {**document["$defs"][name], **schema}
