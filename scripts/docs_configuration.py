"""Every setting of every service, as a page. Secrets have no value here, not even a default."""

from collections.abc import Iterator, Sequence

from pydantic.fields import FieldInfo

from common.runtime import Service
from common.settings import ServiceSettings
from docs_words import Schema, note, table, words

HEAD = """# Configuration 設定

Written by `make docs` from the settings classes; do not edit.

Settings are environment variables. A variable with a service's prefix is that service's alone, and wins; without the
prefix it is everybody's: `PORT=8000` holds for each service that has no `ORDERS_PORT` of its own. What is wrong or
missing ends the start with a line for each variable. Secrets' values are never printed or logged.
"""
HEADER = ["Variable", "Type", "Default", "Meaning"]


def configuration_page(services: Sequence[Service]) -> str:
    prefixes = ", ".join(f"`{prefix_of(service.settings)}`" for service in services)
    parts = [
        HEAD,
        "## Every service\n",
        f"As they stand here, for all; with {prefixes} in front, for one.\n",
        table(HEADER, _rows(ServiceSettings, list(ServiceSettings.model_fields), prefix="")),
    ]
    for service in services:
        names = own_settings(service.settings)
        parts.append(f"## {service.title}\n")
        parts.append(
            table(HEADER, _rows(service.settings, names, prefix=prefix_of(service.settings)))
            if names
            else "Nothing beyond the settings of every service.\n"
        )
    return "\n".join(parts)


def prefix_of(kind: type[ServiceSettings]) -> str:
    return str(kind.model_config.get("env_prefix", ""))


def own_settings(kind: type[ServiceSettings]) -> list[str]:
    """The settings that only this service has, or for which it has another default."""
    shared = ServiceSettings.model_fields
    return [
        name
        for name, field in kind.model_fields.items()
        if name not in shared or repr(field.get_default()) != repr(shared[name].get_default())
    ]


def _rows(kind: type[ServiceSettings], names: Sequence[str], *, prefix: str) -> Iterator[list[str]]:
    properties = kind.model_json_schema()["properties"]
    for name in names:
        schema, field = properties[name], kind.model_fields[name]
        if name in kind.DEVELOPMENT_DEFAULTS:
            default = "**required** (has one in development)"
        elif field.is_required():
            default = "**required**"
        else:
            default = "none" if is_secret(schema) else _default(field)
        yield [f"`{prefix}{name.upper()}`", words(schema), default, note(schema)]


def _default(field: FieldInfo) -> str:
    default = field.get_default(call_default_factory=True)
    return "none" if default is None or default == {} else f"`{default}`"


def is_secret(schema: Schema) -> bool:
    return "password" in {schema.get("format"), *(part.get("format") for part in schema.get("anyOf", ()))}
