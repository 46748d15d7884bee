"""Every setting of every service as an environment file: what must be set stands there, what has a default is a comment.

It is read by a shell, a compose file or a cluster, never by the services themselves.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from textwrap import wrap

from common.runtime import Service
from common.settings import ServiceSettings
from docs_configuration import is_secret, own_settings, prefix_of
from docs_words import Schema, note, words

WIDTH = 118

HEAD = """\
# Huitou 回頭: every setting there is. Written by `make docs` from the settings classes; do not edit, copy:
#
#   cp .env.example .env; mkdir -p .huitou-keys     then change .env
#   set -a; . ./.env; set +a                        in the shell that starts a service
#   .venv/bin/python -m orders migrate && .venv/bin/python -m orders api
#
# What stands as a comment is the default. `make run` and `make demo` read none of it. A worker beside its service's API
# needs a port of its own: ORDERS_PORT=8011 .venv/bin/python -m orders worker. More words: docs/configuration.md.
"""

# What has no default, or another one where somebody tries things out on one machine.
EXAMPLES = {
    "environment": "development",
    "jwks_url": "http://127.0.0.1:8002/members/v1/jwks",
    "signing_key_file": ".huitou-keys/signing-key.pem",
}
EACH_ITS_OWN = {"database_url": "postgresql://{service}:change-me@localhost:5432/huitou", "port": "800{number}"}
"""Settings that all services have and each needs another value of."""


def environment_file(services: Sequence[Service]) -> str:
    shared = [name for name in ServiceSettings.model_fields if name not in EACH_ITS_OWN]
    parts = [HEAD, _title("Every service"), *_lines(ServiceSettings, shared, prefix="", examples=EXAMPLES)]
    for number, service in enumerate(services, start=1):
        kind = service.settings
        examples = {name: text.format(service=service.name, number=number) for name, text in EACH_ITS_OWN.items()}
        own = [name for name in own_settings(kind) if name not in EACH_ITS_OWN]
        parts.append(_title(service.title))
        parts += _lines(kind, [*EACH_ITS_OWN, *own], prefix=prefix_of(kind), examples=EXAMPLES | examples)
    return "\n".join(parts)


def _title(text: str) -> str:
    return f"# ---- {text} ----\n"


def _lines(
    kind: type[ServiceSettings], names: Sequence[str], *, prefix: str, examples: Mapping[str, str]
) -> Iterator[str]:
    properties = kind.model_json_schema()["properties"]
    for name in names:
        schema = properties[name]
        yield from _comment(schema, required=name in kind.DEVELOPMENT_DEFAULTS)
        variable = f"{prefix}{name.upper()}"
        yield f"{variable}={examples[name]}\n" if name in examples else f"# {variable}={_default(kind, name, schema)}\n"


def _comment(schema: Schema, *, required: bool) -> Iterator[str]:
    said = words(schema).replace("`", "")
    text = f"{note(schema)} {'Required outside development. ' if required else ''}({said})"
    for line in wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False):
        yield f"# {line}"


def _default(kind: type[ServiceSettings], name: str, schema: Schema) -> str:
    """As one would write it. A secret has no value here, not even that of development."""
    field = kind.model_fields[name]
    if field.is_required():
        raise SystemExit(f"{name} has no default: give an example in scripts/docs_environment.py")
    default = None if is_secret(schema) else field.get_default(call_default_factory=True)
    if default is None:
        return ""
    return json.dumps(default) if isinstance(default, dict | list) else str(default)
