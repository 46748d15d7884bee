"""The policy that an installation begins with."""

from lifecycle.authoring.service import shipped_policy

DEFAULT_POLICY = shipped_policy(tz="Asia/Shanghai")
