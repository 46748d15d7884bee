"""Teams 小組 of the shop that tasks are for."""

from typing import Literal

State = Literal["active", "retired"]
DEFAULT_TEAMS = {"community_team": "社群小組 Community team"}
"""Code → name of those that the default policy gives tasks to."""
