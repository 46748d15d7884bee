import os
import signal
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from common.bus.locks import EVERY_LANE
from factories.lifecycle import START
from lifecycle.authoring.service import shipped_text
from lifecycle.calendars.domain import Calendar
from lifecycle.journal.archives.service import Archive
from lifecycle.replays.histories.domain import Line, filed, line_of
from lifecycle.replays.runs import service
from lifecycle.replays.runs.domain import Progress
from lifecycle.replays.runs.service import run
from lifecycle.replays.trials.domain import DraftText, Order, together
from lifecycle.replays.trials.service import Watch, tried_on

CALENDAR = Calendar(ZoneInfo("Asia/Shanghai"))
ORDER = Order(draft=DraftText(text=shipped_text().decode(), tz="Asia/Shanghai"))
HOURS = 24 * 40


def lines() -> Iterator[Line]:
    """Every hour somebody else of a hundred chats."""
    for hour in range(HOURS):
        time = (START + timedelta(hours=hour)).isoformat()
        fields = {"time": time, "event": "chat.message_counted", "member": f"member {hour % 100}", "messages": 1}
        yield line_of(hour + 1, fields, CALENDAR)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("archives") / "archive"
    with Archive(place) as archive:
        for each in filed(lines(), revision=0):
            archive.add(each.entry)
    return place


@pytest.mark.slow
def test_processes_give_what_one_gives(folder: Path) -> None:
    one, two = (
        together(
            [
                outcome.found
                for outcome in run(folder, ORDER, lanes=EVERY_LANE, processes=processes, progress=Progress())
            ]
        )
        for processes in (1, 2)
    )
    assert one == two
    assert one.events == HOURS
    assert one.tried is not None
    assert one.tried.members == 100


@pytest.fixture
def heard() -> Iterator[None]:
    """SIGINT is heard, also where the tests run in the background of a shell, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.slow
@pytest.mark.usefixtures("heard")
def test_ctrl_c_ends_it_with_what_is_known_so_far(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the first look, while the processes are still beginning: no machine is so slow that they are done by then."""
    monkeypatch.setattr(service, "LOOK_SECONDS", 0.002)

    def interrupt() -> None:
        if not interrupted:
            interrupted.append(True)
            os.kill(os.getpid(), signal.SIGINT)

    interrupted: list[bool] = []
    outcomes = run(folder, ORDER, lanes=EVERY_LANE, processes=1, progress=Progress(of=1), show=interrupt)
    assert len(outcomes) == len(EVERY_LANE)
    assert all(outcome.found.partial for outcome in outcomes)
    assert together([outcome.found for outcome in outcomes]).events < HOURS


@pytest.mark.slow
async def test_what_is_known_by_then_is_what_was_read(folder: Path) -> None:
    read: list[int] = []
    watch = Watch(lambda _, events: read.append(events), lambda: sum(read) >= 5)
    lane = await _busy_lane(folder)
    found = (await tried_on(folder, lane, ORDER, watch=watch)).found

    assert found.partial
    assert found.events == sum(read) == 5


async def _busy_lane(folder: Path) -> int:
    for lane in EVERY_LANE:
        if (await tried_on(folder, lane, ORDER)).found.events > 5:
            return lane
    raise AssertionError("no lane has events")


def test_progress_tells_what_is_left() -> None:
    assert (
        Progress(entries=250, events=1_000, of=1_000).told(20) == " 25%  250 of 1,000 entries, 50 events/s, 1:00 left"
    )
    assert Progress().told(0).startswith("100%")
