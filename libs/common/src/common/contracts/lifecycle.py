"""Lifecycle 生命週期: where members stand, and what it asks others to do for them."""

from typing import ClassVar, Literal
from uuid import UUID

import msgspec

from common.contracts.event import ActionId, Code, Count, Event, MemberId, Moment

Cause = Literal["event", "time", "policy", "merge", "correction"]


class StageChanged(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A member entered another stage 階段; `episode` counts the entries into it."""

    NAME: ClassVar[str] = "stage.changed"
    member_id: MemberId
    previous: Code | None
    current: Code
    episode: Count
    at: Moment
    cause: Cause


class HealthChanged(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A member's health 健康度 (active, at risk, dormant, lost) became another."""

    NAME: ClassVar[str] = "health.changed"
    member_id: MemberId
    previous: Code | None
    current: Code
    episode: Count
    at: Moment
    cause: Cause


class SegmentEntered(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A member came into a segment 分群; `episode` counts the entries into it."""

    NAME: ClassVar[str] = "segment.entered"
    member_id: MemberId
    segment: Code
    episode: Count
    at: Moment
    cause: Cause


class SegmentLeft(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A member is no longer in a segment; `episode` is the one that ended."""

    NAME: ClassVar[str] = "segment.left"
    member_id: MemberId
    segment: Code
    episode: Count
    at: Moment
    cause: Cause


class IssueCoupon(msgspec.Struct, frozen=True, kw_only=True, tag="issue_coupon", tag_field="kind"):
    """Issue one coupon of this template. Members carries it out."""

    template: Code


class GrantPoints(msgspec.Struct, frozen=True, kw_only=True, tag="grant_points", tag_field="kind"):
    """Add these points to the member's ledger. Members carries it out."""

    points: Count
    reason: Code


class SendMessage(msgspec.Struct, frozen=True, kw_only=True, tag="send_message", tag_field="kind"):
    """Send this template by this channel. Engagement carries it out."""

    template: Code
    channel: Code


class AssignTask(msgspec.Struct, frozen=True, kw_only=True, tag="assign_task", tag_field="kind"):
    """Open a task for a team of the shop, due so many minutes after it is asked for. Engagement carries it out."""

    team: Code
    due_minutes: Count


class CallWebhook(msgspec.Struct, frozen=True, kw_only=True, tag="call_webhook", tag_field="kind"):
    """Tell one of the shop's own endpoints, by the code under which it is known. Engagement carries it out."""

    endpoint: Code


Action = IssueCoupon | GrantPoints | SendMessage | AssignTask | CallWebhook
ActionKind = Literal["issue_coupon", "grant_points", "send_message", "assign_task", "call_webhook"]


class ActionRequested(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Something is to be done for a member, once per `action_id`, not after `valid_until`, and with `consent` only if the
    member consents to that purpose then.
    """

    NAME: ClassVar[str] = "action.requested"
    action_id: ActionId
    member_id: MemberId
    rule: Code
    key: str
    attempt: Count
    action: Action
    valid_until: Moment
    consent: Code | None = None


class ActionWithdrawn(Event, frozen=True, kw_only=True, omit_defaults=True):
    """What an action did is to be undone by whoever did it; who has not done it yet must not do it any more."""

    NAME: ClassVar[str] = "action.withdrawn"
    action_id: ActionId
    member_id: MemberId
    rule: Code
    kind: ActionKind


class Hop(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who is another now, and how many mergers of theirs there have been: one step of a path."""

    member_id: MemberId
    merger: Count


class IdentityJoined(Event, frozen=True, kw_only=True, omit_defaults=True):
    """An identity 身分 is the member's from now on, by this path; `kept`, packed, is what they were. From one lane to another:
    it stands in lifecycle's own tables, never in the log.
    """

    NAME: ClassVar[str] = "identity.joined"
    member_id: MemberId
    identity_id: MemberId
    path: list[Hop]
    kept: str


class IdentityCounted(Event, frozen=True, kw_only=True, omit_defaults=True):
    """More of what an identity did is counted, because a policy asks for it. From one lane to another."""

    NAME: ClassVar[str] = "identity.counted"
    member_id: MemberId
    identity_id: MemberId
    path: list[Hop]
    kept: str


class IdentityLeft(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Whoever came to the member by this path is theirs no more. From one lane to another."""

    NAME: ClassVar[str] = "identity.left"
    member_id: MemberId
    path: list[Hop]


class EventForwarded(Event, frozen=True, kw_only=True, omit_defaults=True):
    """What happened to an identity of the member, as it was read. From one lane to another."""

    NAME: ClassVar[str] = "event.forwarded"
    member_id: MemberId
    identity_id: MemberId
    path: list[Hop]
    event_id: UUID
    type: str
    data: str
    """JSON."""
    happened_at: Moment
    appended_at: Moment
    revision: Count
    """Of the policy's record of changes, when it was read first."""
    depth: Count = 0
