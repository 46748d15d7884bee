"""Kinship 親緣: what a member has of each identity, apart and in the whole. Whoever was never merged has the whole alone."""

from collections.abc import Callable, Mapping
from uuid import UUID

import msgspec

from lifecycle.facts.domain import Facts
from lifecycle.identities.domain import ALONE, Identity, Path, came_by, facts_of, first_drawn
from lifecycle.members.domain import Member

Keep = Callable[[Facts], Facts]
"""Of facts, those that are still needed."""


def identities_of(member: Member) -> Mapping[UUID, Identity]:
    kin = member.kin or ALONE
    return kin.identities or {member.member_id: Identity((), member.facts, member.units)}


def with_identities(member: Member, identities: Mapping[UUID, Identity]) -> Member:
    """The member with these identities; none need be told apart from one."""
    kin = msgspec.structs.replace(
        member.kin or ALONE, identities=dict(sorted(identities.items())) if len(identities) > 1 else {}
    )
    units = first_drawn(identity.units for _, identity in sorted(identities.items()))
    return msgspec.structs.replace(member, facts=facts_of(identities), units=units, kin=kin)


def without(member: Member, way: Path) -> Member:
    identities = identities_of(member)
    gone = {each for each, identity in identities.items() if came_by(identity.path, way)}
    if not gone:
        return member
    return with_identities(
        msgspec.structs.replace(
            member,
            slots=tuple(slot for slot in member.slots if slot.of not in gone),
            sends=tuple(send for send in member.sends if send.of not in gone),
        ),
        {each: identity for each, identity in identities.items() if each not in gone},
    )


def counted_under(member: Member, identity_id: UUID, count: Callable[[Facts], Facts]) -> Member:
    """The member with something counted of one of their identities, once there and once in the whole."""
    kin = member.kin
    if kin is not None and kin.identities:
        known = kin.identities[identity_id]
        identity = msgspec.structs.replace(known, facts=count(known.facts))
        kin = msgspec.structs.replace(kin, identities=kin.identities | {identity_id: identity})
    return msgspec.structs.replace(member, facts=count(member.facts), kin=kin)


def kept(member: Member, keep: Keep) -> Member:
    """The member with no more facts than that, of each identity."""
    kin = member.kin
    if kin is not None and kin.identities:
        needed = {
            each: msgspec.structs.replace(identity, facts=keep(identity.facts))
            for each, identity in kin.identities.items()
        }
        kin = msgspec.structs.replace(kin, identities=needed)
    return msgspec.structs.replace(member, facts=keep(member.facts), kin=kin)
