"""Alert rules: on metrics and labels that the code declares, with a runbook each, and no runbook without one."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.metrics import MetricWrapperBase

from common.bus import consumer
from common.bus.dead_letters import Reason
from common.bus.kafka import consumer as kafka_consumer
from common.bus.metrics import LogMetrics, RelayMetrics
from common.contracts.engagement import MessageRefused, TaskRefused, WebhookRefused
from common.contracts.members import RewardRefused
from common.http.limits import Limiter
from common.http.middleware import HttpMetrics
from engagement.metrics import EngagementMetrics
from lifecycle.metrics import LifecycleMetrics
from members.metrics import MemberMetrics
from orders.metrics import OrderMetrics

ROOT = Path(__file__).resolve().parents[2]
RUNBOOKS = ROOT / "docs" / "runbooks"
SECTIONS = ["What it means", "Look", "Do", "Over when"]
OF_PROMETHEUS = {"up": {"job"}}
ALARMS = {*consumer._ALARMS.values(), *kafka_consumer._ALARMS.values(), "clock"}
SERVICE = "service"
"""Put on every sample by the `/metrics` at the root of a process."""

_STRING = re.compile(r'"[^"]*"')
_SELECTOR = re.compile(r"([a-z_]+)\{([^}]*)\}")
_MATCHER = re.compile(r'([a-z_]+)\s*(=~|!~|!=|=)\s*"([^"]*)"')
_GROUPING = re.compile(r"\b(?:by|without|on|ignoring)\s*\(([^)]*)\)")
_WORD = re.compile(r"[a-z_]+[a-z0-9_]*(?!\w*\s*\()")
_OPERATORS = {"and", "or", "unless"}

Rule = dict[str, Any]


def rules() -> Iterator[Rule]:
    text = (ROOT / "deploy" / "observability" / "alerts.yaml").read_text()
    for group in yaml.safe_load(text)["groups"]:
        yield from group["rules"]


RULES = list(rules())
each_rule = pytest.mark.parametrize("rule", RULES, ids=[rule["alert"] for rule in RULES])


def declared() -> dict[str, set[str]]:
    """What a scrape can hold: name of a sample → its labels."""
    registry = CollectorRegistry()
    LogMetrics(registry)
    RelayMetrics(registry)
    HttpMetrics(registry)
    Limiter(service="orders", url=None, registry=registry)
    for metrics in (OrderMetrics, MemberMetrics, EngagementMetrics, LifecycleMetrics):
        metrics(registry)
    found = {name: set(labels) for name, labels in OF_PROMETHEUS.items()}
    for collector in registry._collector_to_names:
        assert isinstance(collector, MetricWrapperBase)
        labels = {*collector._labelnames, SERVICE}
        for suffix, own in SUFFIXES[type(collector)].items():
            found[f"{collector._name}{suffix}"] = labels | own
    return found


SUFFIXES: dict[type[MetricWrapperBase], dict[str, set[str]]] = {
    Counter: {"_total": set()},
    Gauge: {"": set()},
    Histogram: {"_bucket": {"le"}, "_sum": set(), "_count": set()},
}


def metrics_of(expression: str) -> set[str]:
    """The names of metrics in an expression: words that are neither labels nor functions nor operators."""
    bare = re.sub(r"\[[^\]]*\]", "", re.sub(r"\{[^}]*\}", "", _STRING.sub("", expression)))
    bare = _GROUPING.sub("", re.sub(r"\b(by|without)\b(?=\s*\()", r"\1", bare))
    return {word for word in _WORD.findall(bare) if word not in _OPERATORS}


def test_names_are_found_in_expressions() -> None:
    expression = 'sum by (a, b) (rate(http_requests_total{status=~"5..", x="y_z"}[5m])) / max(up) > 1 or other == 2'
    assert metrics_of(expression) == {"http_requests_total", "up", "other"}


@each_rule
def test_an_alert_names_what_the_code_declares(rule: Rule) -> None:
    known = declared()
    used = metrics_of(rule["expr"])
    assert used, "an alert looks at something"
    assert used <= known.keys()

    for name, matchers in _SELECTOR.findall(rule["expr"]):
        assert {label for label, _, _ in _MATCHER.findall(matchers)} <= known[name]
    grouped = {label.strip() for labels in _GROUPING.findall(rule["expr"]) for label in labels.split(",")}
    assert grouped <= set().union(*(known[name] for name in used))


@each_rule
def test_a_label_is_compared_with_values_that_it_can_have(rule: Rule) -> None:
    possible = {
        ("log_alarm", "kind"): ALARMS,
        ("log_dead_letters_open", "reason"): {reason.value for reason in Reason},
        ("engagement_errands_total", "outcome"): {
            reason
            for kind in (MessageRefused, TaskRefused, WebhookRefused)
            for reason in get_args(kind.__annotations__["reason"])
        },
        ("members_rewards_total", "outcome"): {*get_args(RewardRefused.__annotations__["reason"]), "granted"},
    }
    for name, matchers in _SELECTOR.findall(rule["expr"]):
        for label, _, value in _MATCHER.findall(matchers):
            if (name, label) in possible:
                assert set(value.split("|")) <= possible[name, label]


def test_every_way_to_stand_still_has_its_alert() -> None:
    told = " ".join(rule["expr"] for rule in RULES)
    for kind in ALARMS:
        assert f'log_alarm{{kind="{kind}"}}' in told
    for reason in Reason:
        assert re.search(rf'log_dead_letters_open\{{reason=~"[^"]*\b{reason}\b', told)


@each_rule
def test_an_alert_says_who_is_called_and_what_to_do(rule: Rule) -> None:
    assert rule["labels"]["severity"] in {"page", "ticket", "note"}
    assert {"summary", "summary_zh", "runbook"} == rule["annotations"].keys()
    runbook = ROOT / rule["annotations"]["runbook"]
    assert runbook.parent == RUNBOOKS
    text = runbook.read_text()
    assert re.search(rf"^# .*\b{rule['alert']}\b", text, re.MULTILINE), "the runbook's title names the alert"
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == SECTIONS
    assert f"[{rule['alert']}]({runbook.name})" in (RUNBOOKS / "README.md").read_text()


def test_every_runbook_has_its_alert() -> None:
    linked = {Path(rule["annotations"]["runbook"]).name for rule in RULES}
    assert {file.name for file in RUNBOOKS.glob("*.md")} == {*linked, "README.md"}


def test_alerts_have_names_of_their_own() -> None:
    names = [rule["alert"] for rule in RULES]
    assert len(set(names)) == len(names)
