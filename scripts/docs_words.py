"""Types in words, and tables, for the generated pages."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

Schema = Mapping[str, Any]

_FORMATS = {
    "uuid": "UUID",
    "date": "date, `YYYY-MM-DD`",
    "date-time": "moment",
    "password": "secret",
    "path": "path",
}
_NAMES = {"integer": "integer", "boolean": "true or false", "string": "text", "null": "null", "object": "JSON object"}


def words(schema: Schema) -> str:
    """What a value may be: `integer, at least 0`, `one of a, b`, `list of [OrderLine](#orderline)`."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(words(part) for part in schema["anyOf"])
    if "enum" in schema or "const" in schema:
        values = schema.get("enum", [schema.get("const")])
        listed = ", ".join(f"`{value}`" for value in values)
        return listed if len(values) == 1 else f"one of {listed}"
    if schema.get("type") == "array":
        return f"list of {words(schema.get('items', {}))}"
    name = _FORMATS.get(schema.get("format", ""), _NAMES.get(schema.get("type", ""), "anything"))
    return ", ".join([name, *_bounds(schema)])


def _bounds(schema: Schema) -> Iterator[str]:
    least, most = schema.get("minimum"), schema.get("maximum")
    if least is not None and most is not None:
        yield f"{least} to {most}"
    elif least is not None:
        yield f"at least {least}"
    elif most is not None:
        yield f"at most {most}"
    shortest, longest = schema.get("minLength"), schema.get("maxLength")
    if shortest is not None and longest is not None:
        yield f"{shortest} to {longest} characters"
    elif shortest is not None:
        yield f"at least {shortest} characters"
    elif longest is not None:
        yield f"at most {longest} characters"
    if "pattern" in schema:
        yield f"like `{schema['pattern']}`"


def note(schema: Schema) -> str:
    """The description of a value, or of the one kind of value that it holds beside null."""
    if "description" in schema:
        return str(schema["description"])
    return next((part["description"] for part in schema.get("anyOf", ()) if "description" in part), "")


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines) + "\n"
