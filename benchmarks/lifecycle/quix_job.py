"""Five stages and four healths of members, as a job of Quix Streams: run by `benchmarks.lifecycle.quix` under a Python of its own.

Its state of a member is what the shipped policy asks for them: days of taking part, of ordering, the first and the last. It tells
each change of stage or health in a topic. No segments, no rules, no receipts, no timers, nothing that is late or taken back in
order: that is the job that a team would write in a day.
"""

import json
import os
import sys
from datetime import date
from time import monotonic
from typing import Any

from quixstreams import Application, State

ENGAGED = {"chat.message_counted", "checkin.recorded", "coupon.claimed", "message.read"}
STAGES = ("acquire", "activate", "retain", "convert", "repurchase")


def day_of(envelope: dict[str, Any]) -> int:
    return date.fromisoformat(envelope["time"][:10]).toordinal()


def stage_of(facts: dict[str, Any]) -> str:
    buying_days = len(facts["buying_days"])
    if buying_days >= 2:
        return "repurchase"
    if facts["orders"] > 0:
        return "convert"
    engaged = facts["engaged_days"]
    return "retain" if engaged >= 3 else "activate" if engaged else "acquire"


def health_of(facts: dict[str, Any], today: int) -> str:
    if days := facts["buying_days"]:
        since = today - days[-1]
        pace = (days[-1] - days[0]) / (len(days) - 1) if len(days) > 1 else None
        at_risk = pace is not None and since > max(14, min(30, 2 * pace))
        return "lost" if since > 90 else "dormant" if since > 45 else "at_risk" if at_risk else "active"
    since = today - (facts["last_engaged"] or today)
    return "lost" if since > 60 else "dormant" if since > 30 else "at_risk" if since > 7 else "active"


def step(envelope: dict[str, Any], state: State) -> list[dict[str, Any]]:
    name, today = envelope["type"].split(".", 2)[2].rsplit(".", 1)[0], day_of(envelope)
    facts = state.get("facts") or {
        "engaged_days": 0,
        "last_engaged": 0,
        "orders": 0,
        "amount_minor": 0,
        "buying_days": [],
        "stage": "acquire",
        "health": "active",
    }
    if name in ENGAGED and facts["last_engaged"] != today:
        facts["engaged_days"], facts["last_engaged"] = facts["engaged_days"] + 1, today
    elif name == "order.confirmed":
        facts["orders"] += 1
        facts["amount_minor"] += envelope["data"]["amount_minor"]
        if today not in facts["buying_days"]:
            facts["buying_days"].append(today)
    elif name == "order.voided":
        facts["orders"] -= 1
        facts["amount_minor"] -= envelope["data"]["amount_minor"]
    now = stage_of(facts), health_of(facts, today)
    told = [
        {"dimension": dimension, "previous": facts[dimension], "current": value, "at": envelope["time"]}
        for dimension, value in zip(("stage", "health"), now, strict=True)
        if facts[dimension] != value
    ]
    facts["stage"], facts["health"] = now
    state.set("facts", facts)
    return told


def main() -> None:
    servers, topic, folder, changelog, events = sys.argv[1:]
    application = Application(
        broker_address=servers,
        consumer_group=f"quix.{topic}.{changelog}",
        auto_offset_reset="earliest",
        state_dir=folder,
        use_changelog_topics=changelog == "changelog",
        loglevel="ERROR",
    )
    frame = application.dataframe(application.topic(topic, value_deserializer="json", key_deserializer="str"))
    began, left = 0.0, int(events)

    def counted(envelope: dict[str, Any], state: State) -> list[dict[str, Any]]:
        """The last one ends the run, which commits what is open."""
        nonlocal began, left
        began, left = began or monotonic(), left - 1
        if left == 0:
            application.stop()
        return step(envelope, state)

    frame = frame.apply(counted, stateful=True, expand=True)
    frame.to_topic(application.topic(f"{topic}.{changelog}.told", value_serializer="json"))
    application.run()
    print(json.dumps({"seconds": monotonic() - began, "cpu_seconds": sum(os.times()[:2])}))


if __name__ == "__main__":
    main()
