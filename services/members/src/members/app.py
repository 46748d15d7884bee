from pathlib import Path

from common.runtime import Service
from members.accounts.endpoints import router as accounts
from members.consents.endpoints import router as consents
from members.consumers import HANDLERS
from members.coupons.endpoints import router as coupons
from members.erasure.endpoints import router as erasure
from members.mergers.endpoints import router as mergers
from members.points.endpoints import router as points
from members.profiles.endpoints import router as profiles
from members.resources import build_resources
from members.settings import MembersSettings
from members.signin.endpoints import router as signin
from members.templates.endpoints import router as templates

SERVICE = Service(
    name="members",
    title="Members 會員",
    folder=Path(__file__).resolve().parents[2],
    settings=MembersSettings,
    routers=[signin, accounts, profiles, consents, mergers, erasure, templates, coupons, points],
    handlers=HANDLERS,
    resources=build_resources,
)
