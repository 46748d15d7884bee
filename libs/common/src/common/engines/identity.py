"""Whom PostgreSQL runs as. It refuses root, and nothing of the system is created or loosened for it."""

import os
import pwd
from pathlib import Path

from common.engines.errors import EngineError
from common.engines.programs import OURS, Identity, run

_UNPRIVILEGED = "nobody"  # in every /etc/passwd, and initdb fails for a uid that is not


async def choose_identity() -> Identity:
    root = os.geteuid() == 0
    if not root and _has_account(os.geteuid()):
        return OURS
    if await _works(namespace_identity()):
        return namespace_identity()
    return unprivileged_identity() if root else OURS


def namespace_identity() -> Identity:
    """Another user by name only, in a user namespace of its own: the files stay ours."""
    account = pwd.getpwnam(_UNPRIVILEGED)
    mapping = (f"--map-user={account.pw_uid}", f"--map-group={account.pw_gid}")
    return Identity(prefix=("unshare", "--user", *mapping, "--"))


def unprivileged_identity() -> Identity:
    """A real change of user, for root where user namespaces are forbidden."""
    account = pwd.getpwnam(_UNPRIVILEGED)
    return Identity(uid=account.pw_uid, gid=account.pw_gid)


def hand_over(path: Path, *, identity: Identity) -> None:
    """Give a tree of ours to whom it is for; the top comes last, so that an interrupted change is seen and redone."""
    uid, gid = (os.geteuid(), os.getegid()) if identity.uid is None else (identity.uid, identity.gid or 0)
    if path.lstat().st_uid == uid:
        return
    for folder, _, names in os.walk(path, topdown=False):
        for name in names:
            os.chown(Path(folder, name), uid, gid, follow_symlinks=False)
        os.chown(folder, uid, gid, follow_symlinks=False)


def _has_account(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:  # a container started with a bare number
        return False
    return True


async def _works(identity: Identity) -> bool:
    try:
        await run(["true"], identity=identity)
    except (OSError, EngineError):
        return False
    return True
