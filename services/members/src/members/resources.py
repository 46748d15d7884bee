"""What only members hold while they run: the signing key, the secret, the identity providers, the counters."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from common.auth.keys import FixedKeys
from common.runtime import Runtime
from members.adapters.providers import DevelopmentProvider, IdentityProvider
from members.adapters.secrecy import Secrecy
from members.adapters.tokens import TokenSigner, load_signing_key
from members.metrics import MemberMetrics
from members.settings import MembersSettings
from members.templates import service as templates


@dataclass(frozen=True, slots=True)
class Resources:
    secrecy: Secrecy
    signer: TokenSigner
    providers: Mapping[str, IdentityProvider]
    calling_code: str
    consent_purposes: frozenset[str]
    metrics: MemberMetrics


@asynccontextmanager
async def build_resources(runtime: Runtime) -> AsyncIterator[Resources]:
    settings = runtime.settings
    if not isinstance(settings, MembersSettings):
        raise TypeError("members run with MembersSettings")
    providers: dict[str, IdentityProvider] = {"development": DevelopmentProvider()} if settings.development else {}
    key = load_signing_key(settings.signing_key_file)
    signer = TokenSigner(key, issuer=settings.token_issuer, audience=settings.token_audience)
    if runtime.surroundings.keys is None:
        runtime.verifier = runtime.verifier_of(FixedKeys({signer.key_id: signer.public_key}))
    await templates.seed(runtime.db, currency=settings.currency)
    secrecy = Secrecy(settings.personal_data_secret.get_secret_value())
    yield Resources(
        secrecy=secrecy,
        signer=signer,
        providers=providers,
        calling_code=settings.calling_code,
        consent_purposes=frozenset(settings.consent_purposes),
        metrics=MemberMetrics(runtime.registry),
    )
