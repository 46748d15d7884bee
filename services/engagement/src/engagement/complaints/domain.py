"""Complaints 投訴 of members, which the shop settles."""

from typing import Literal

State = Literal["open", "settled", "taken_back"]
Ending = Literal["settled", "taken_back"]
MOST_OPEN = 20
"""Complaints of one member that are open at a time."""
