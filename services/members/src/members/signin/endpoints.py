from fastapi import APIRouter, Depends

from common.auth.access import public
from common.auth.tokens import LIFETIME_SECONDS
from common.http.dependencies import CurrentRuntime, Db
from common.http.limits import LimitRate
from members.resources import Resources
from members.signin import service
from members.signin.schemas import Jwks, Session, SignIn

router = APIRouter(tags=["sign-in"], dependencies=[Depends(public)])


@router.post(
    "/sessions", operation_id="sign_in", status_code=201, dependencies=[Depends(LimitRate("sign_ins_per_minute"))]
)
async def sign_in(body: SignIn, db: Db, runtime: CurrentRuntime) -> Session:
    """Exchange a provider's proof for an access token; the first time makes a member."""
    resources: Resources = runtime.resources
    member_id, roles = await service.sign_in(
        db, resources, provider=body.provider, proof=body.proof, channel=body.channel, referrer_id=body.referrer_id
    )
    resources.metrics.sign_ins.labels(body.provider).inc()
    return Session(
        member_id=member_id, access_token=resources.signer.sign(member_id, roles), expires_in=LIFETIME_SECONDS
    )


@router.get("/jwks", operation_id="get_jwks")
async def get_jwks(runtime: CurrentRuntime) -> Jwks:
    """Public keys of access tokens (JWKS, RFC 7517)."""
    resources: Resources = runtime.resources
    return Jwks.model_validate(resources.signer.jwks())
