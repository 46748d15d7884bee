"""`.env.example`: every setting once, none of them secret, and good enough to start with."""

import os
import re
from collections import Counter
from pathlib import Path

import pytest

from common.runtime import Service
from common.settings import ServiceSettings, load_settings
from docs_configuration import own_settings, prefix_of
from docs_environment import EACH_ITS_OWN, environment_file
from generate_docs import all_services

_SET = re.compile(r"^([A-Z_]+)=(.+)$", re.MULTILINE)
_SAID = re.compile(r"^(?:# )?([A-Z_]+)=", re.MULTILINE)


@pytest.fixture(scope="module")
def services() -> list[Service]:
    return all_services()


@pytest.fixture
def environment(services: list[Service], monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What the file sets, and nothing else that services read."""
    for variable in list(os.environ):
        monkeypatch.delenv(variable)
    variables = dict(_SET.findall(environment_file(services)))
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value)
    return variables


def test_every_setting_is_there_once(services: list[Service]) -> None:
    said = Counter(_SAID.findall(environment_file(services)))

    wanted = {name.upper() for name in ServiceSettings.model_fields if name not in EACH_ITS_OWN}
    for service in services:
        for name in {*own_settings(service.settings), *EACH_ITS_OWN}:
            wanted.add(f"{prefix_of(service.settings)}{name.upper()}")
    assert said == Counter(dict.fromkeys(wanted, 1))


def test_it_is_enough_for_every_service(services: list[Service], environment: dict[str, str]) -> None:
    ports = set()
    for service in services:
        settings = load_settings(service.settings)
        assert settings.development
        assert settings.database_url.get_secret_value().startswith(f"postgresql://{service.name}:")
        ports.add(settings.port)
        if service.name == "members":
            assert environment["JWKS_URL"] == f"http://127.0.0.1:{settings.port}/members/v1/jwks"
    assert len(ports) == len(services)


def test_what_is_commented_out_is_the_default(services: list[Service], environment: dict[str, str]) -> None:
    before = [load_settings(service.settings) for service in services]
    shown = dict(re.findall(r"^# ([A-Z_]+)=(.+)$", environment_file(services), re.MULTILINE))
    assert "LOG_DAYS" in shown
    assert not shown.keys() & environment.keys()

    with pytest.MonkeyPatch.context() as patch:
        for variable, value in shown.items():
            patch.setenv(variable, value)
        assert [load_settings(service.settings) for service in services] == before


def test_keys_stay_out_of_the_repository(environment: dict[str, str]) -> None:
    ignored = (Path(__file__).resolve().parents[2] / ".gitignore").read_text().splitlines()
    assert ".huitou*/" in ignored
    assert environment["MEMBERS_SIGNING_KEY_FILE"].startswith(".huitou")


def test_it_tells_no_secret(services: list[Service]) -> None:
    text = environment_file(services)
    for service in services:
        for name in service.settings.DEVELOPMENT_DEFAULTS:
            assert service.settings.DEVELOPMENT_DEFAULTS[name] not in text
    assert "development-only" not in text
    assert "whsec_" not in text
