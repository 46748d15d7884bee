from collections.abc import Collection, Sequence
from functools import partial
from uuid import UUID

from common.connection import Record
from common.contracts.engagement import ChatMessageCounted
from common.db import Database, UnitOfWork
from common.ids import new_id
from engagement.channels import service as channels
from engagement.chat import repository
from engagement.chat.domain import count_by_sender, timely
from engagement.chat.schemas import DeliveryTaken, IncomingMessage
from engagement.communities import service as communities
from engagement.metrics import EngagementMetrics


async def ingest(uow: UnitOfWork, *, channel: str, messages: Sequence[IncomingMessage]) -> DeliveryTaken:
    """Keep what is new, and tell how many messages each member wrote in each community. Never what they wrote."""
    known = await communities.known(uow, {message.community_id for message in messages})
    members = await channels.members_of(uow, channel=channel, users={message.sender for message in messages})
    placed = [message for message in messages if message.community_id in known]
    taken = [message for message in placed if timely(message.sent_at, uow.now)]
    stored = await repository.insert(
        uow,
        channel=channel,
        at=uow.now,
        messages=[
            (new_id(), one.id, one.community_id, one.sender, members.get(one.sender), one.text, one.sent_at)
            for one in taken
        ],
    )
    batch_id = new_id()
    counted = count_by_sender((row["community_id"], row["member_id"]) for row in stored)
    for (community_id, member_id), count in counted.items():
        uow.append(
            ChatMessageCounted(
                community_id=community_id, member_id=member_id, batch_id=batch_id, channel=channel, messages=count
            )
        )
    taken_in = DeliveryTaken(
        received=len(messages),
        stored=len(stored),
        repeated=len(taken) - len(stored),
        unknown_senders=sum(row["member_id"] is None for row in stored),
        unknown_communities=len(messages) - len(placed),
        untimely=len(placed) - len(taken),
    )
    _count(uow, channel, taken_in)
    return taken_in


def _count(uow: UnitOfWork, channel: str, taken: DeliveryTaken) -> None:
    metrics: EngagementMetrics = uow.resources.metrics
    outcomes = {
        "counted": taken.stored - taken.unknown_senders,
        "unknown_sender": taken.unknown_senders,
        "repeated": taken.repeated,
        "unknown_community": taken.unknown_communities,
        "untimely": taken.untimely,
    }
    for outcome, messages in outcomes.items():
        if messages:
            uow.on_commit.append(partial(metrics.chat_messages.labels(channel, outcome).inc, messages))


async def list_of_community(db: Database, community_id: UUID, *, before: UUID | None, limit: int) -> list[Record]:
    """Newest first. Raises CommunityNotFound."""
    await communities.get(db, community_id)
    return await repository.list_of_community(db, community_id=community_id, before=before, limit=limit)


async def forget(uow: UnitOfWork, member_ids: Collection[UUID]) -> None:
    """Empty what members wrote, and under which name."""
    await repository.empty_of(uow, member_ids)
