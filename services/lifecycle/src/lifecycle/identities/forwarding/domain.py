"""Forwarding 轉送: a person has one standing, whichever of their ids something happens under.

Who is merged into another stands nowhere any more, but keeps counting what happens to them; what they were, and each event
from then on, is forwarded to their root, in that member's lane. The root has it all, each identity's apart, so that parting
takes nothing but letting go: who was merged has everything still. Of what waited, the root has it for good.
"""

from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

import msgspec
import zstandard

from common.contracts.envelope import caused_id
from common.contracts.event import Event
from common.contracts.lifecycle import EventForwarded, Hop, IdentityCounted, IdentityJoined, IdentityLeft
from common.contracts.members import MemberMerged, MemberUnmerged
from lifecycle.actions.domain import Slot
from lifecycle.engine.domain import Engine
from lifecycle.facts.domain import Facts, united
from lifecycle.identities.domain import ALONE, Identity, Path, Units, is_later
from lifecycle.identities.kinship.domain import Keep, identities_of, with_identities, without
from lifecycle.members.domain import Member, Pending
from lifecycle.policy.caps.domain import Send
from lifecycle.stepping.moments.domain import Stepped, joined, passed, rearmed, stood

Mail = IdentityJoined | IdentityCounted | IdentityLeft | EventForwarded
_M = TypeVar("_M", bound=Mail)

LARGEST = 64 * 1024 * 1024
"""Bytes that one identity may unpack to."""


class Kept(msgspec.Struct, frozen=True, array_like=True):
    """What one identity was."""

    facts: Facts = {}
    units: Units = {}
    slots: tuple[Slot, ...] = ()
    sends: tuple[Send, ...] = ()
    pending: tuple[Pending, ...] = ()


_encoder = msgspec.msgpack.Encoder(uuid_format="bytes")
_decoder = msgspec.msgpack.Decoder(Kept)


def pack(kept: Kept) -> str:
    return b64encode(zstandard.ZstdCompressor().compress(_encoder.encode(kept))).decode()


def unpack(packed: str) -> Kept:
    return _decoder.decode(zstandard.ZstdDecompressor().decompress(b64decode(packed), max_output_size=LARGEST))


def merged(engine: Engine, member: Member, event: MemberMerged, *, at: datetime, gate: datetime) -> Stepped:
    """The member once they are another; the same member when that is old news."""
    kin = member.kin or ALONE
    is_old = kin.changed_at is not None and event.merged_at < kin.changed_at
    if is_old or event.root_id in {kin.root, member.member_id}:
        return Stepped(member=member)
    before = _let_go(engine, member, at=at, gate=gate) if kin.root else Stepped(member=member)
    kin = msgspec.structs.replace(
        before.member.kin or ALONE, root=event.root_id, mergers=kin.mergers + 1, changed_at=event.merged_at
    )
    outside = {name: value for name, value in before.member.standing.items() if name in {"stage", "health"}}
    gone, transitions = stood(engine, msgspec.structs.replace(before.member, at=at), outside, cause="merge", depth=0)
    after = msgspec.structs.replace(gone, kin=kin, pending=(), due=None)
    return joined(before, Stepped(member=after, transitions=transitions, mail=_all_of(before.member, after)))


def parted(engine: Engine, member: Member, event: MemberUnmerged, *, at: datetime, gate: datetime) -> Stepped:
    """The member once they are themselves again; the same member when they are, or that is old news."""
    kin = member.kin or ALONE
    if kin.root != event.root_id or (kin.changed_at is not None and event.unmerged_at < kin.changed_at):
        return Stepped(member=member)
    stepped = _let_go(engine, member, at=at, gate=gate)
    now = msgspec.structs.replace(stepped.member.kin or ALONE, changed_at=event.unmerged_at)
    return msgspec.structs.replace(stepped, member=msgspec.structs.replace(stepped.member, kin=now))


def taken(engine: Engine, member: Member, mail: Mail, *, keep: Keep, at: datetime, gate: datetime) -> Stepped:
    """The member once they know what was sent to them about an identity. `keep`: the facts that they still need."""
    if member.member_id in {hop.member_id for hop in mail.path}:
        return Stepped(member=member)
    match mail:
        case IdentityJoined():
            after = _with_identity(member, mail, keep)
        case IdentityCounted():
            after = _with_more(member, mail, keep)
        case IdentityLeft():
            after = without(member, path_of(mail))
        case EventForwarded():
            raise AssertionError("an event is stepped")
    if after is member:
        return Stepped(member=member)
    if member.root:
        return Stepped(member=msgspec.structs.replace(after, at=at), mail=(passed_on(member, mail),))
    stepped = passed(engine, after, at=at, cause="merge", gate=gate)
    if isinstance(mail, IdentityJoined):
        stepped = msgspec.structs.replace(stepped, member=_waiting(engine, stepped.member, unpack(mail.kept).pending))
    return stepped


def passed_on(member: Member, mail: _M) -> _M:
    """What was sent to a member who is another by now, for that one."""
    return msgspec.structs.replace(mail, member_id=member.root, path=[*mail.path, _hop(member)])


def path_of(mail: Mail) -> Path:
    return tuple((hop.member_id, hop.merger) for hop in mail.path)


def knows(member: Member, mail: EventForwarded) -> bool:
    """Whether the identity is the member's, by the path that the event came by."""
    identity = (member.kin or ALONE).identities.get(mail.identity_id)
    return identity is not None and identity.path == path_of(mail)


def leaving(member: Member) -> tuple[Event, ...]:
    """What lets the root go of whoever came to it through the member."""
    return (IdentityLeft(member_id=member.root, path=[_hop(member)]),) if member.root else ()


def more_of(member: Member, facts: Facts) -> tuple[Event, ...]:
    """What tells the root that more is counted of the member."""
    if member.root is None:
        return ()
    packed = pack(Kept(facts=facts))
    return (IdentityCounted(member_id=member.root, identity_id=member.member_id, path=[_hop(member)], kept=packed),)


def lettered(mail: Sequence[Event], *, cause: UUID) -> list[tuple[UUID, Event]]:
    """Each with its id, which follows from that of the event under which it was sent."""
    told: Counter[str] = Counter()
    found: list[tuple[UUID, Event]] = []
    for event in mail:
        name = event.type_name()
        found.append((caused_id(cause, name, told[name]), event))
        told[name] += 1
    return found


def _let_go(engine: Engine, member: Member, *, at: datetime, gate: datetime) -> Stepped:
    kin = msgspec.structs.replace(member.kin or ALONE, root=None)
    stepped = passed(engine, msgspec.structs.replace(member, kin=kin), at=at, cause="merge", gate=gate)
    return msgspec.structs.replace(stepped, mail=leaving(member))


def _hop(member: Member) -> Hop:
    return Hop(member_id=member.member_id, merger=(member.kin or ALONE).mergers)


def _all_of(before: Member, after: Member) -> tuple[Event, ...]:
    """What the root has to know: all of the member, and of who is merged into them. What waits is the member's own."""
    if after.root is None:
        return ()
    sent: list[Event] = []
    for identity_id, identity in sorted(identities_of(before).items()):
        own = identity_id == before.member_id
        of = None if own else identity_id
        what = Kept(
            identity.facts,
            identity.units,
            tuple(slot for slot in before.slots if slot.of == of),
            tuple(send for send in before.sends if send.of == of),
            before.pending if own else (),
        )
        path = [Hop(member_id=who, merger=merger) for who, merger in identity.path]
        sent.append(
            IdentityJoined(member_id=after.root, identity_id=identity_id, path=[*path, _hop(after)], kept=pack(what))
        )
    return tuple(sent)


def _with_identity(member: Member, mail: IdentityJoined, keep: Keep) -> Member:
    identities, path = identities_of(member), path_of(mail)
    known = identities.get(mail.identity_id)
    if known is not None and not is_later(path, known.path):
        return member
    came, of = unpack(mail.kept), mail.identity_id
    slots = (slot for slot in member.slots if slot.of != of)
    sends = (send for send in member.sends if send.of != of)
    return with_identities(
        msgspec.structs.replace(
            member,
            slots=(*slots, *(msgspec.structs.replace(slot, of=of) for slot in came.slots)),
            sends=(*sends, *(msgspec.structs.replace(send, of=of) for send in came.sends)),
        ),
        {**identities, of: Identity(path, keep(came.facts), came.units)},
    )


def _with_more(member: Member, mail: IdentityCounted, keep: Keep) -> Member:
    identities = identities_of(member)
    known = identities.get(mail.identity_id)
    if known is None or known.path != path_of(mail):
        return member
    facts = keep(united(known.facts, unpack(mail.kept).facts))
    return with_identities(member, {**identities, mail.identity_id: msgspec.structs.replace(known, facts=facts)})


def _waiting(engine: Engine, member: Member, came: Iterable[Pending]) -> Member:
    """The member with what waited for an identity. What waits in a stay waits in the member's own, if they are there."""
    waits = {(each.rule, each.value) for each in member.pending if each.since is None}
    more: list[Pending] = []
    for pending in came:
        if pending.since is None and (pending.rule, pending.value) in waits:
            continue
        stay = member.episodes.get(pending.value) if pending.value else None
        more.append(msgspec.structs.replace(pending, episode=stay.number if stay else 0))
    return rearmed(engine, msgspec.structs.replace(member, pending=(*member.pending, *more))) if more else member
