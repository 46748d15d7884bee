from typing import Any

import pytest

from common.settings import SettingsError, load_settings
from engagement.settings import EngagementSettings
from factories.engagement import NEXT_SECRET, SECRET

URL = "postgresql://engagement:x@localhost/huitou"


def load(**values: Any) -> EngagementSettings:
    return load_settings(EngagementSettings, **{"environment": "production", "database_url": URL, **values})


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
