"""The laws, by their numbers, as they are asked of every world. `docs/lifecycle-laws.md` says where each is held besides."""

from collections.abc import Callable

from simulation import laws_of_actions as actions
from simulation import laws_of_effects as effects
from simulation import laws_of_time as time
from simulation.worlds import World

Law = Callable[[World], None]

LAWS: tuple[Law, ...] = (
    time.facts_and_standing_are_those_of_any_order,
    time.nothing_is_due_later_than_the_next_change,
    time.timers_follow_from_members,
    time.transitions_follow_from_the_input_alone,
    time.nobody_falls_over_unread_input,
    time.no_clock_goes_back_or_far_ahead,
    actions.a_publish_fires_nothing,
    actions.there_is_one_action_per_id,
    actions.each_loses_none,
    actions.an_enrolment_loses_none,
    actions.caps_hold_in_every_period,
    actions.what_waits_is_decided_in_the_end,
    actions.experiments_are_independent,
    actions.receipts_follow_from_their_values,
    actions.causes_do_not_lie_too_deep,
    effects.consent_is_asked_for_where_it_is_carried_out,
    effects.what_is_taken_back_is_gone_or_spent,
    effects.every_action_ends,
    effects.what_is_carried_out_is_what_was_decided,
    effects.silence_makes_no_second_effect,
    effects.members_hear_what_became_of_it,
    time.the_journal_gives_the_same,
)


def check(world: World) -> None:
    """Raises LawBroken."""
    for law in LAWS:
        law(world)
