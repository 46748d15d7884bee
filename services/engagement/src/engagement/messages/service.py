"""Sending messages 消息."""

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from uuid import UUID

from common.bus.records import Received
from common.connection import Record
from common.contracts.engagement import MessageRead, MessageRefused, MessageSent
from common.contracts.lifecycle import ActionRequested, SendMessage
from common.db import Database, UnitOfWork
from common.ids import new_id
from engagement.adapters.channels import CHANNELS, Outgoing
from engagement.audience import service as audiences
from engagement.errands.domain import Outcome
from engagement.errors import MessageNotFound, PlaceholderUnknown, TemplateNotFound
from engagement.messages import repository
from engagement.messages.domain import Message, refusal
from engagement.metrics import EngagementMetrics
from engagement.templates import service as templates


async def carry_out(uow: UnitOfWork, asked: Sequence[Received[ActionRequested]]) -> list[Outcome]:
    """Send the messages among the actions."""
    wanted = [(one.event, action) for one in asked if isinstance(action := one.event.action, SendMessage)]
    active = await templates.active(uow, {action.template for _, action in wanted})
    outcomes: list[Outcome] = []
    messages: list[Message] = []
    for event, action in wanted:
        reason = refusal(action, channels=CHANNELS, templates=active)
        if reason is not None:
            outcomes.append(Outcome(action_id=event.action_id, reason=reason))
        else:
            texts = active[action.template].render()
            messages.append(Message(new_id(), event.member_id, action.template, action.channel, *texts))
            outcomes.append(Outcome(action_id=event.action_id, message_id=messages[-1].id))
    await _write(uow, messages)
    return outcomes


async def tell(uow: UnitOfWork, asked: Sequence[Received[ActionRequested]], settled: Mapping[UUID, Record]) -> None:
    """What became of the messages among the actions."""
    for one in asked:
        action, row = one.event.action, settled[one.event.action_id]
        if isinstance(action, SendMessage):
            told = {
                **{name: row[name] for name in ("action_id", "member_id")},
                **{name: getattr(action, name) for name in ("template", "channel")},
            }
            event = (
                MessageRefused(**told, reason=row["reason"])
                if row["outcome"] == "refused"
                else MessageSent(**told, message_id=row["message_id"], sent_at=row["settled_at"])
            )
            uow.append(event, cause=one.envelope)


async def _write(uow: UnitOfWork, messages: Sequence[Message]) -> None:
    """Write the messages; once they are committed they are handed to their channels."""
    await repository.insert(uow, messages, at=uow.now)
    metrics: EngagementMetrics = uow.resources.metrics
    for message in messages:
        outgoing = Outgoing(message_id=message.id, member_id=message.member_id, template=message.template)
        uow.on_commit.append(partial(CHANNELS[message.channel], outgoing))
        uow.on_commit.append(metrics.messages.labels(message.template, message.channel).inc)


async def send(uow: UnitOfWork, *, member_id: UUID, template: str, channel: str, values: Mapping[str, str]) -> Record:
    """A message that an operator sends. Raises MemberGone, TemplateNotFound or PlaceholderUnknown."""
    await audiences.hold(uow, member_id)
    known = (await templates.active(uow, [template])).get(template)
    if known is None:
        raise TemplateNotFound(f"template: there is no active one with the code {template!r}")
    if unknown := sorted(values.keys() - known.placeholders.keys()):
        raise PlaceholderUnknown(f"values: {template!r} has no placeholder {', '.join(unknown)}")
    message = Message(new_id(), member_id, template, channel, *known.render(values))
    await _write(uow, [message])
    uow.append(
        MessageSent(message_id=message.id, member_id=member_id, template=template, channel=channel, sent_at=uow.now)
    )
    return await _get(uow, message_id=message.id, member_id=member_id)


async def read(uow: UnitOfWork, *, message_id: UUID, member_id: UUID) -> Record:
    """The letter, read. Told the first time. Raises MessageNotFound for what is no letter of this member."""
    if await repository.mark_read(uow, message_id=message_id, member_id=member_id, at=uow.now):
        uow.append(MessageRead(message_id=message_id, member_id=member_id, read_at=uow.now))
    row = await _get(uow, message_id=message_id, member_id=member_id)
    if row["channel"] != "inbox":
        raise MessageNotFound(f"there is no letter {message_id}")
    return row


async def _get(uow: UnitOfWork, *, message_id: UUID, member_id: UUID) -> Record:
    row = await repository.find(uow, message_id=message_id, member_id=member_id)
    if row is None:
        raise MessageNotFound(f"there is no letter {message_id}")
    return row


async def count_unread(db: Database, member_id: UUID) -> int:
    return await repository.count_unread(db, member_id)


async def list_inbox(db: Database, member_id: UUID, *, unread: bool, before: UUID | None, limit: int) -> list[Record]:
    """Newest first."""
    return await repository.list_inbox(db, member_id=member_id, unread=unread, before=before, limit=limit)


async def forget(uow: UnitOfWork, member_ids: Collection[UUID]) -> list[UUID]:
    """Empty what was written to members. The messages' ids."""
    return await repository.empty_of(uow, member_ids)
