"""The policy that an installation begins with, and a small one that tests build upon."""

from pathlib import Path

from lifecycle.authoring.domain import author
from lifecycle.authoring.service import shipped_policy
from lifecycle.policy.domain import Policy

SMALL_TEXT = Path(__file__).with_name("small_policy.yaml").read_text()


def policy_of(text: str) -> Policy:
    authored = author(text, tz="Asia/Shanghai")
    assert authored.policy is not None, [str(fault) for fault in authored.faults]
    return authored.policy


def changed(old: str, new: str) -> str:
    """The small policy with a piece of its text replaced."""
    assert old in SMALL_TEXT
    return SMALL_TEXT.replace(old, new, 1)


DEFAULT_POLICY = shipped_policy(tz="Asia/Shanghai")
SMALL_POLICY = policy_of(SMALL_TEXT)
