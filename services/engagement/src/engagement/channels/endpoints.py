from collections.abc import Sequence
from time import time
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Request

from common.auth.access import Allow
from common.auth.principal import Principal, Role
from common.http.dependencies import CurrentRuntime, Db
from engagement.channels import domain, service
from engagement.channels.schemas import IdentitiesSet, SetChannelIdentities
from engagement.errors import ChannelNotFound, SignatureInvalid
from engagement.resources import Resources

router = APIRouter(tags=["chat"])

Synchroniser = Annotated[Principal, Depends(Allow(Role.OPERATOR, Role.SERVICE))]
ChannelCode = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]{0,63}$", description="As the setting names it.")]
SignatureHeader = Annotated[str, Header(max_length=1024, description="`v1,` and base64; several by spaces.")]


async def verified_delivery(
    request: Request,
    runtime: CurrentRuntime,
    channel: ChannelCode,
    webhook_id: Annotated[str, Header(max_length=255, pattern=r"^[\x21-\x7e]+$")] = "",
    webhook_timestamp: Annotated[str, Header(max_length=20, description="Unix time in seconds.")] = "",
    webhook_signature: SignatureHeader = "",
) -> str:
    """The id of a delivery that one of the channel's secrets signed. Raises ChannelNotFound or SignatureInvalid."""
    resources: Resources = runtime.resources
    secrets = resources.channel_secrets.get(channel)
    if secrets is None:
        raise ChannelNotFound(f"no messages are taken from a channel {channel!r}")
    try:
        await _verify(request, secrets, webhook_id, webhook_timestamp, webhook_signature)
    except SignatureInvalid:
        resources.metrics.deliveries_refused.labels(channel).inc()
        raise
    return webhook_id


async def _verify(request: Request, secrets: Sequence[str], webhook_id: str, timestamp: str, signature: str) -> None:
    if not (webhook_id and timestamp and signature):
        raise SignatureInvalid("webhook-id, webhook-timestamp and webhook-signature are needed (Standard Webhooks)")
    fault = domain.fault(
        secrets,
        delivery_id=webhook_id,
        timestamp=timestamp,
        signatures=signature,
        body=await request.body(),
        now=time(),
    )
    if fault is not None:
        raise SignatureInvalid(fault)


VerifiedDelivery = Annotated[str, Depends(verified_delivery)]


@router.post("/channel-identities", operation_id="set_channel_identities")
async def set_channel_identities(body: SetChannelIdentities, _: Synchroniser, db: Db) -> IdentitiesSet:
    """Say which members write under which names of chat channels; the last word counts."""
    identities = [(identity.channel, identity.user_id, identity.member_id) for identity in body.identities]
    async with db.transaction() as uow:
        return IdentitiesSet(changed=await service.set_identities(uow, identities))
