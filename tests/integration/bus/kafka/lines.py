"""What the parts say of themselves while a test runs."""

from collections.abc import MutableMapping
from typing import Any, TypeAlias

from common.testing.waiting import eventually
from integration.bus.harness import SECONDS

Said: TypeAlias = list[MutableMapping[str, Any]]


async def told(said: Said, *parts: str) -> None:
    """Wait for one line that names all of this."""

    def there() -> bool:
        return any(all(part in str(line.get("error")) for part in parts) for line in said)

    await eventually(there, seconds=SECONDS, what=f"a line with {parts}")
