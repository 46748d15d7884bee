"""Settings: whose variable wins, and one clear line for each that is missing or wrong, never with its value."""

from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from common.settings import ServiceSettings, SettingsError, load_settings

URL = "postgresql://shop:s3cr3t@127.0.0.1:5432/huitou"
DEFAULT_SECRET = "only for development, never else"


class ShopSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="SHOP_", extra="ignore", frozen=True)
    DEVELOPMENT_DEFAULTS: ClassVar[dict[str, str]] = {"seal": DEFAULT_SECRET}

    seal: SecretStr = Field(SecretStr(DEFAULT_SECRET), min_length=16)
    orders_per_minute: int = Field(60, ge=1)
    channels: dict[str, list[SecretStr]] = Field(default_factory=dict)
    colours: list[str] | None = None


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Nothing but a database and a secret of its own."""
    for name in ShopSettings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
        monkeypatch.delenv(f"SHOP_{name}".upper(), raising=False)
    monkeypatch.setenv("SHOP_DATABASE_URL", URL)
    monkeypatch.setenv("SHOP_SEAL", "a secret of our own")
    return monkeypatch


def said(**values: Any) -> list[str]:
    """The lines that a person would see."""
    with pytest.raises(SettingsError) as caught:
        load_settings(ShopSettings, **values)
    return str(caught.value).splitlines()


def test_a_database_and_the_secrets_are_all_that_production_needs() -> None:
    settings = load_settings(ShopSettings)

    assert settings.database_url.get_secret_value() == URL
    assert (settings.environment, settings.development, settings.bus) == ("production", False, "postgres")
    assert (settings.host, settings.zone.key) == ("127.0.0.1", "Asia/Shanghai")


def test_a_shared_variable_holds_where_there_is_no_own_one(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("PORT", "9000")
    environment.setenv("CURRENCY", "USD")
    environment.setenv("SHOP_CURRENCY", "EUR")

    settings = load_settings(ShopSettings)

    assert (settings.port, settings.currency) == (9000, "EUR")
    assert load_settings(ShopSettings, port=9001).port == 9001


def test_anothers_variable_holds_for_the_other_alone(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("CAFE_PORT", "9000")

    assert load_settings(ShopSettings).port == 8000


def test_a_missing_variable_is_named(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("SHOP_DATABASE_URL")

    assert said() == ["SHOP_DATABASE_URL: Field required"]


def test_everything_that_is_wrong_is_said_at_once(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("SHOP_DATABASE_URL")
    environment.setenv("SHOP_PORT", "99999")
    environment.setenv("SHOP_LOG_LEVEL", "LOUD")

    assert sorted(line.split(":")[0] for line in said()) == ["SHOP_DATABASE_URL", "SHOP_LOG_LEVEL", "SHOP_PORT"]


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("SHOP_PORT", "x8000", "integer"),
        ("SHOP_PORT", "-1", "greater than or equal to 0"),
        ("SHOP_PORT", "", "integer"),
        ("SHOP_ORDERS_PER_MINUTE", "0", "greater than or equal to 1"),
        ("SHOP_ENVIRONMENT", "staging", "'development' or 'production'"),
        ("SHOP_CURRENCY", "yuan", "pattern"),
        ("SHOP_TIMEZONE", "Asia/Peking", "IANA time zone such as Asia/Shanghai"),
        ("SHOP_TIMEZONE", "../../etc/passwd", "IANA time zone"),
        ("SHOP_LOG_URLS", '{"cafe": "postgresql://a@b/c"}', "orders, members, engagement, lifecycle"),
        ("SHOP_LOG_URLS", "postgresql://a:hunter2@b/c", "JSON"),
        ("SHOP_LOG_URLS", '["postgresql://a@b/c"]', "dictionary"),
        ("SHOP_LOG_URLS", '{"orders": 5432}', "string"),
        ("SHOP_LOG_URLS", '{"orders": "mysql://a:hunter2@b/c"}', "postgresql://role:password@host:port/database"),
        ("SHOP_VALKEY_URL", "hunter2@localhost:6379", "redis://host:port"),
        ("SHOP_DATABASE_URL", "mysql://shop:hunter2@b/c", "postgresql://role:password@host:port/database"),
        ("SHOP_JWKS_URL", "members/v1/keys", "https://host"),
        ("SHOP_SEAL", "short", "at least 16"),
        ("SHOP_MAXIMUM_BODY_BYTES", "1MB", "integer"),
        ("SHOP_CLOCK", "postgresql://clock:hunter2@b/c", "for development only"),
        ("SHOP_CLOCK", "tomorrow", "`system`, or postgresql://"),
    ],
)
def test_a_wrong_value_is_told_by_its_variable_and_what_was_expected(
    environment: pytest.MonkeyPatch, variable: str, value: str, expected: str
) -> None:
    environment.setenv(variable, value)

    [line] = said()
    assert line.startswith(f"{variable}: ")
    assert expected in line
    assert not value or value not in line
    assert "hunter2" not in line


def test_a_wrong_shared_variable_is_named_as_it_was_set(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("PORT", "x8000")
    assert said() == ["PORT: Input should be a valid integer, unable to parse string as an integer"]

    environment.setenv("SHOP_PORT", "y8000")
    assert said() == ["SHOP_PORT: Input should be a valid integer, unable to parse string as an integer"]


def test_lists_and_mappings_are_json(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("SHOP_CHANNELS", '{"wechat": ["a", "b"]}')
    environment.setenv("COLOURS", '["red"]')

    settings = load_settings(ShopSettings)

    assert [secret.get_secret_value() for secret in settings.channels["wechat"]] == ["a", "b"]
    assert settings.colours == ["red"]
    assert load_settings(ShopSettings, colours=["blue"]).colours == ["blue"]


@pytest.mark.parametrize("variable", ["LOG_URLS", "SHOP_LOG_URLS", "CHANNELS", "SHOP_CHANNELS", "SHOP_COLOURS"])
def test_broken_json_is_named_as_it_was_set(environment: pytest.MonkeyPatch, variable: str) -> None:
    environment.setenv(variable, '{"orders": "postgresql://a:hunter2@b/c"')

    [line] = said()
    assert line.startswith(f"{variable}: ")
    assert "JSON" in line
    assert "hunter2" not in line


def test_a_default_secret_is_refused_in_production_and_named(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("SHOP_SEAL")

    assert said() == ["SHOP_SEAL: still has its development default; set one of your own"]


def test_a_default_secret_given_as_a_value_is_refused_too(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("SHOP_SEAL", DEFAULT_SECRET)

    [line] = said()
    assert line.startswith("SHOP_SEAL: ")
    assert DEFAULT_SECRET not in line


def test_a_default_secret_serves_in_development(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("SHOP_SEAL")
    environment.setenv("ENVIRONMENT", "development")

    settings = load_settings(ShopSettings)

    assert settings.development
    assert settings.seal.get_secret_value() == DEFAULT_SECRET


def test_a_virtual_clock_serves_in_development(environment: pytest.MonkeyPatch) -> None:
    assert load_settings(ShopSettings).shared_clock_url is None

    environment.setenv("CLOCK", URL)
    environment.setenv("ENVIRONMENT", "development")

    assert load_settings(ShopSettings).shared_clock_url == URL


def test_another_services_log_is_where_it_is_said_to_be_else_beside_ours(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("LOG_URLS", '{"orders": "postgresql://a@b/c"}')

    settings = load_settings(ShopSettings)

    assert settings.log_url("orders") == "postgresql://a@b/c"
    assert settings.log_url("members") == URL


def test_secrets_do_not_show(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("LOG_URLS", '{"orders": "postgresql://a:hunter2@b/c"}')
    environment.setenv("VALKEY_URL", "redis://:hunter2@b")

    settings = load_settings(ShopSettings)

    for shown in (repr(settings), str(settings), settings.model_dump_json()):
        assert "hunter2" not in shown
        assert "s3cr3t" not in shown
        assert "a secret of our own" not in shown


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(sorted(ShopSettings.model_fields)),
    value=st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=8, max_size=12).map(
        lambda t: f"hunter2{t}"
    ),
)
def test_no_value_is_ever_shown(name: str, value: str) -> None:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv(f"SHOP_{name}".upper(), value)
        told = outcome()

    assert value.lower() not in told.lower()


def outcome() -> str:
    """What a person is told when it is wrong."""
    try:
        load_settings(ShopSettings)
    except SettingsError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({"bus": "kafka"}, "KAFKA_SERVERS"),
        ({"kafka_servers": "broker"}, "host:port"),
        ({"kafka_servers": "a:9092, b:9092"}, "host:port"),
        ({"kafka_prefix": "a topic"}, "SHOP_KAFKA_PREFIX"),
        ({"kafka_security": "sasl", "kafka_username": "huitou"}, "KAFKA_PASSWORD"),
        ({"kafka_certificate_file": "client.pem"}, "KAFKA_KEY_FILE"),
        ({"kafka_replication": 1}, "KAFKA_MINIMUM_IN_SYNC"),
        ({"kafka_days": 7}, "LOG_DAYS"),
    ],
)
def test_a_broker_is_described_whole(values: dict[str, Any], line: str) -> None:
    [only] = said(**values)
    assert line in only


def test_a_relay_without_a_broker_says_what_is_missing() -> None:
    with pytest.raises(SettingsError, match="KAFKA_SERVERS"):
        _ = load_settings(ShopSettings).required_broker


def test_the_broker_has_what_the_settings_say() -> None:
    settings = load_settings(
        ShopSettings, bus="kafka", kafka_servers="a:9092,b:9092", kafka_prefix="east", log_days=20, kafka_days=30
    )
    broker, rules = settings.required_broker, settings.topic_rules

    assert (broker.servers, broker.topic("orders"), broker.security) == ("a:9092,b:9092", "east.orders", "none")
    assert (rules.keep.days, rules.replication, rules.minimum_in_sync) == (30, 3, 2)
