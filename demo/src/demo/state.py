"""How far a demo has come, kept in its data folder, so that it can be interrupted, resumed and run twice."""

from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

import msgspec

from common.engines.folder import write_durably

FILE = "demo.json"


class OtherDemo(Exception):
    """The folder holds a demo with other parameters."""


@dataclass(frozen=True)
class State:
    households: int
    seed: int
    step_hours: int
    next_step: int
    clock: datetime
    """The virtual moment that was reached."""

    @classmethod
    def begin(cls, folder: Path, *, households: int, seed: int, step_hours: int, start: datetime) -> Self:
        """The state in the folder, or a fresh one. Raises OtherDemo."""
        fresh = cls(households, seed, step_hours, 0, start)
        file = folder / FILE
        if not file.exists():
            return fresh
        held = msgspec.json.decode(file.read_bytes(), type=cls)
        if (held.households, held.seed, held.step_hours) != (households, seed, step_hours):
            raise OtherDemo(
                f"{folder} holds a demo of {held.households} households (seed {held.seed}, steps of {held.step_hours} h);"
                " ask for the same, or choose another folder with DATA="
            )
        return held

    def keep(self, folder: Path) -> None:
        write_durably(folder / FILE, msgspec.json.encode(asdict(self)).decode())
