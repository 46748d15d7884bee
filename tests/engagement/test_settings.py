from typing import Any

import pytest

from common.settings import SettingsError, load_settings
from engagement.settings import EngagementSettings
from factories.engagement import NEXT_SECRET, SECRET

OUTGOING = "a secret of the installation's own, for tests"
URL = "postgresql://engagement:x@localhost/huitou"


def load(**values: Any) -> EngagementSettings:
    return load_settings(
        EngagementSettings, **{"environment": "production", "database_url": URL, "outgoing_secret": OUTGOING, **values}
    )


def test_channels_have_the_secrets_that_are_set() -> None:
    assert load(webhook_secrets={"wechat": [SECRET, NEXT_SECRET]}).channel_secrets == {"wechat": [SECRET, NEXT_SECRET]}


def test_only_development_has_a_channel_of_its_own() -> None:
    assert load().channel_secrets == {}
    assert set(load(environment="development").channel_secrets) == {"development"}


@pytest.mark.parametrize("secrets", [[], ["whsec_c2hvcnQ="], [SECRET, "no secret at all"]])
def test_a_secret_that_is_none_is_refused_and_not_repeated(secrets: list[str]) -> None:
    with pytest.raises(SettingsError, match="ENGAGEMENT_WEBHOOK_SECRETS: wechat: expected") as caught:
        load(webhook_secrets={"wechat": secrets})
    assert not any(secret in str(caught.value) for secret in secrets)


def test_production_has_a_secret_of_its_own_for_webhooks() -> None:
    default = EngagementSettings.DEVELOPMENT_DEFAULTS["outgoing_secret"]
    with pytest.raises(SettingsError, match="ENGAGEMENT_OUTGOING_SECRET: still has its development default"):
        load(outgoing_secret=default)


def test_webhooks_go_to_this_machine_in_development_only() -> None:
    assert load(environment="development", outgoing_loopback=True).outgoing_loopback
    with pytest.raises(SettingsError, match="ENGAGEMENT_OUTGOING_LOOPBACK: this machine is no place"):
        load(outgoing_loopback=True)


def test_webhooks_go_nowhere_unless_it_is_set() -> None:
    assert load().outgoing_hosts == []
    assert load(outgoing_hosts='["*.shop.example", "api.shop.example:8443"]').outgoing_hosts == [
        "*.shop.example",
        "api.shop.example:8443",
    ]


@pytest.mark.parametrize("host", ["*", "*.", "shop.*", "https://shop.example", "shop.example/path", "SHOP.example", ""])
def test_a_host_pattern_that_is_none_is_refused(host: str) -> None:
    with pytest.raises(SettingsError, match="ENGAGEMENT_OUTGOING_HOSTS"):
        load(outgoing_hosts=[host])
