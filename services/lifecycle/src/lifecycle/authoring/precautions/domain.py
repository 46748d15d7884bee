"""Precautions 防護條款: the guards of a policy as they may be written, as data; their conditions are still text."""

import msgspec

from lifecycle.authoring.clauses.domain import Written, as_written
from lifecycle.authoring.triggers.domain import CLOCK, NAME
from lifecycle.policy.caps.domain import Cap, Keep
from lifecycle.policy.holdouts.domain import Holdout
from lifecycle.policy.quiet.domain import Quiet
from lifecycle.text.durations.domain import as_elapsed, as_time_of_day
from lifecycle.text.notations.domain import as_flag, as_share, as_text, as_whole
from lifecycle.text.readers.domain import as_one_of
from lifecycle.text.shapes.domain import as_list, as_mapping, as_table, optional, required


class ClassDraft(msgspec.Struct, frozen=True, kw_only=True):
    refuse_if: Written | None = None
    consent: str | None = None
    quiet: bool = True
    held_out: bool = True


class GuardsDraft(msgspec.Struct, frozen=True, kw_only=True):
    classes: dict[str, ClassDraft] = {}
    caps: tuple[Cap, ...] = ()
    quiet: Quiet | None = None
    holdout: Holdout | None = None
    causation_depth: int | None = None
    """None: the language's own."""


CAP = as_mapping(
    Cap,
    {
        "class": required(NAME, to="sent_as"),
        "max": required(as_whole(1, 10_000), to="most"),
        "per": required(as_one_of(("day", "week", "month"))),
        "channel": optional(NAME),
        "keep": optional(
            as_mapping(Keep, {"priority": required(as_whole(0, 100)), "slots": required(as_whole(1, 10_000))})
        ),
    },
)
CLASS = as_mapping(
    ClassDraft,
    {
        "refuse_if": optional(as_written),
        "consent": optional(NAME),
        "quiet": optional(as_flag()),
        "holdout": optional(as_flag(), to="held_out"),
    },
)
GUARDS = as_mapping(
    GuardsDraft,
    {
        "classes": optional(as_table(CLASS)),
        "caps": optional(as_list(CAP)),
        "quiet": optional(
            as_mapping(
                Quiet,
                {
                    "from": required(as_time_of_day(), to="begins"),
                    "to": required(as_time_of_day(), to="ends"),
                    "tz": optional(CLOCK, to="clock"),
                    "then": optional(as_one_of(("defer", "drop"))),
                    "max_defer": optional(as_elapsed(), to="longest"),
                    "spread": optional(as_elapsed()),
                },
            )
        ),
        "causation_depth": optional(as_whole(1, 100)),
        "holdout": optional(
            as_mapping(
                Holdout,
                {
                    "salt": required(as_text(64)),
                    "share": required(as_share()),
                    "unit": optional(as_one_of(("member", "community"))),
                },
            )
        ),
    },
)
