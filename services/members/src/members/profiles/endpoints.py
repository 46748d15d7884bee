from datetime import datetime

from fastapi import APIRouter

from common.auth.access import AnyMember, Operator
from common.clock import business_day
from common.http.dependencies import CurrentRuntime, Db
from members.profiles import service
from members.profiles.domain import Profile
from members.profiles.schemas import ChangeProfile, FindMembers, FoundMembers, ProfileView
from members.resources import Resources

router = APIRouter(tags=["profiles"])


def _view(profile: Profile, updated_at: datetime | None) -> ProfileView:
    return ProfileView(
        display_name=profile.display_name,
        phone=profile.phone,
        birthday=profile.birthday,
        gender=profile.gender,
        tz=profile.tz,
        updated_at=updated_at,
    )


@router.get("/members/me/profile", operation_id="get_own_profile")
async def get_own_profile(principal: AnyMember, db: Db, runtime: CurrentRuntime) -> ProfileView:
    """What the caller has told of themselves 個人資料."""
    resources: Resources = runtime.resources
    return _view(*await service.read(db, resources.secrecy, principal.id))


@router.patch("/members/me/profile", operation_id="change_own_profile")
async def change_own_profile(body: ChangeProfile, principal: AnyMember, db: Db, runtime: CurrentRuntime) -> ProfileView:
    """Change what is named in the body; null erases. It is kept sealed with a key of the member's own."""
    resources: Resources = runtime.resources
    async with db.transaction() as uow:
        profile, updated_at = await service.change(
            uow,
            resources.secrecy,
            member_id=principal.id,
            changes=body.model_dump(exclude_unset=True),
            calling_code=resources.calling_code,
            today=business_day(uow.now, runtime.settings.zone),
        )
    return _view(profile, updated_at)


@router.post("/member-lookups", operation_id="find_members_by_phone")
async def find_members_by_phone(
    body: FindMembers, principal: Operator, db: Db, runtime: CurrentRuntime
) -> FoundMembers:
    """Find members by a phone number they gave; the number travels in the body, so that no log keeps it."""
    resources: Resources = runtime.resources
    found = await service.find_by_phone(
        db, resources.secrecy, phone=body.phone, calling_code=resources.calling_code, asked_by=principal.id
    )
    return FoundMembers(member_ids=found)
