"""Engagement 互動: community life as counts, and messages."""

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from common.contracts.event import ActionId, Code, CommunityId, Count, Event, MemberId, Moment, OrderId


class CommunityJoined(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A member joined a community 社群."""

    NAME: ClassVar[str] = "community.joined"
    community_id: CommunityId
    member_id: MemberId
    joined_at: Moment


class CommunityLeft(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A member left a community."""

    NAME: ClassVar[str] = "community.left"
    community_id: CommunityId
    member_id: MemberId
    left_at: Moment


class ChatMessageCounted(Event, frozen=True, kw_only=True, omit_defaults=True):
    """How many messages a member wrote, per ingest batch and community. Never what they wrote."""

    NAME: ClassVar[str] = "chat.message_counted"
    community_id: CommunityId
    member_id: MemberId
    batch_id: UUID
    channel: Code
    messages: Count


class CheckinRecorded(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A member checked in 簽到; at most once a business day. `streak` counts the days in a row, this one included."""

    NAME: ClassVar[str] = "checkin.recorded"
    member_id: MemberId
    business_day: date
    streak: Count


class MessageSent(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A message reached its channel; `action_id` when the lifecycle asked for it."""

    NAME: ClassVar[str] = "message.sent"
    message_id: UUID
    member_id: MemberId
    template: Code
    channel: Code
    sent_at: Moment
    action_id: ActionId | None = None


class MessageRefused(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A message that the lifecycle asked for was not sent, finally, and why."""

    NAME: ClassVar[str] = "message.refused"
    action_id: ActionId
    member_id: MemberId
    template: Code
    channel: Code
    reason: Literal["expired", "unknown_template", "unknown_channel", "unknown_member", "no_consent", "withdrawn"]


class MessageRead(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A member opened a message in their inbox 站內信."""

    NAME: ClassVar[str] = "message.read"
    message_id: UUID
    member_id: MemberId
    read_at: Moment


class TaskOpened(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A task 待辦 for a team of the shop, about a member; `action_id` when the lifecycle asked for it."""

    NAME: ClassVar[str] = "task.opened"
    task_id: UUID
    member_id: MemberId
    team: Code
    due_at: Moment
    action_id: ActionId | None = None


class TaskRefused(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A task that the lifecycle asked for was not opened, finally, and why."""

    NAME: ClassVar[str] = "task.refused"
    action_id: ActionId
    member_id: MemberId
    team: Code
    reason: Literal["expired", "unknown_team", "unknown_member", "no_consent", "withdrawn"]


class TaskClosed(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A team has done a task, or given it up."""

    NAME: ClassVar[str] = "task.closed"
    task_id: UUID
    member_id: MemberId
    team: Code
    outcome: Literal["done", "given_up", "withdrawn"]
    closed_at: Moment


class WebhookDelivered(Event, frozen=True, kw_only=True, omit_defaults=True):
    """The shop's own endpoint took what the lifecycle told it of a member."""

    NAME: ClassVar[str] = "webhook.delivered"
    action_id: ActionId
    member_id: MemberId
    endpoint: Code
    delivered_at: Moment


class WebhookRefused(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A webhook that the lifecycle asked for was not delivered, finally, and why."""

    NAME: ClassVar[str] = "webhook.refused"
    action_id: ActionId
    member_id: MemberId
    endpoint: Code
    reason: Literal[
        "expired",
        "unknown_endpoint",
        "address_forbidden",
        "answered_no",
        "no_answer",
        "unknown_member",
        "no_consent",
        "withdrawn",
    ]


class ComplaintOpened(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A member complained 投訴. Never what they wrote."""

    NAME: ClassVar[str] = "complaint.opened"
    complaint_id: UUID
    member_id: MemberId
    topic: Code
    opened_at: Moment
    order_id: OrderId | None = None


class ComplaintClosed(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A complaint was settled, or taken back."""

    NAME: ClassVar[str] = "complaint.closed"
    complaint_id: UUID
    member_id: MemberId
    topic: Code
    opened_at: Moment
    closed_at: Moment
    outcome: Literal["settled", "taken_back"]
