"""`make demo`: a whole platform carried through purchases, interrupted, resumed, run twice."""

import asyncio
import os
import re
import signal
import sys
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from common.testing.folders import make_folder
from common.testing.waiting import eventually
from demo.journey import Journey
from demo.report import print_report
from demo.run import carried
from demo.steps import Step
from embedded.platform import Bus, Configuration
from factories.journey import Row, journey

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]


class Quiet:
    """Shows nothing; is interrupted after a number of steps."""

    def __init__(self, *, steps: int | None = None) -> None:
        self.steps = steps
        self.placed = 0

    def begin(self, *, done: int, total: int) -> None:
        assert 0 <= done <= total

    def stepped(self, step: Step) -> None:
        self.placed += len(step.baskets)
        if self.steps is not None:
            self.steps -= 1
            if self.steps == 0:
                raise KeyboardInterrupt


@pytest.fixture
def small(tmp_path: Path) -> Journey:
    """Three households, one of which comes late and stays away; a coupon that is redeemed, one that is not."""
    rows = [
        Row(1, household=1, at="2017-03-01 09:00", product=5, quantity=2, value=3.98),
        Row(1, household=1, at="2017-03-01 09:00", product=6, quantity=0, value=0.35),
        Row(2, household=2, at="2017-03-01 10:00", value=7.5),
        Row(3, household=2, at="2017-03-02 20:00", value=0.0),
        Row(4, household=1, at="2017-03-03 09:00", value=12.34),
        Row(5, household=3, at="2017-03-04 01:00", store=301, value=4.0),
        Row(6, household=1, at="2017-03-05 23:30", value=0.6),
        Row(7, household=2, at="2017-03-06 12:00", value=8.0),
    ]
    return journey(
        tmp_path,
        rows,
        campaigns=[(8, "2017-03-02", "2017-03-09")],
        targets=[(8, 1), (8, 2)],
        redemptions=[(1, 8, "2017-03-03"), (1, 8, "2017-03-05")],
    )


async def report(small: Journey, data: Path, progress: Quiet, *, bus: Bus = "postgres", local: bool = False) -> str:
    console = Console(file=StringIO(), width=120)
    async with carried(small, Configuration(data=data, port=0, bus=bus), progress=progress, local=local) as run:
        right = await print_report(run, console)
    said = console.file.getvalue()  # type: ignore[attr-defined]  # it is the StringIO
    assert right, said
    return str(said)


async def test_a_demo_that_is_interrupted_goes_on_and_run_again_changes_nothing(small: Journey) -> None:
    folder = make_folder()
    first, second, third = Quiet(steps=4), Quiet(), Quiet()
    with pytest.raises(KeyboardInterrupt):
        await report(small, folder, first)
    whole = await report(small, folder, second)
    again = await report(small, folder, third)

    assert (first.placed, second.placed, third.placed) == (2, 5, 0)
    assert before_pace(again) == before_pace(whole)
    assert "Everything had been carried before" in again
    assert re.search(r"orders = baskets +│ 7 +│ 7 +│ holds", whole)
    assert re.search(r"line amounts .* USD 36\.77 │ USD 36\.77 │ holds", whole)
    assert re.search(r"payable .* USD 35\.77 │ USD 35\.77 │ holds", whole)
    assert re.search(r"not the first of its target +│ 1 ", whole)
    assert re.search(r"│ all +│ .*│ 4 ", whole)
    assert "SYNTHETIC" in whole


@pytest.mark.slow
@pytest.mark.usefixtures("kafka_jars")
async def test_a_demo_goes_on_over_kafka_and_back_and_shows_the_same(small: Journey) -> None:
    """Begun over one bus, carried to the end over the other, shown again over the first."""
    folder, other = make_folder(), make_folder()
    with pytest.raises(KeyboardInterrupt):
        await report(small, folder, Quiet(steps=4))
    changed = await report(small, folder, Quiet(), bus="kafka")
    again = await report(small, folder, Quiet())
    whole = await report(small, other, Quiet(), bus="kafka")

    assert before_pace(changed) == before_pace(again) == before_pace(whole)
    assert re.search(r"line amounts .* USD 36\.77 │ USD 36\.77 │ holds", whole)


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.usefixtures("kafka_jars")
async def test_a_demo_in_many_processes_is_interrupted_goes_on_and_shows_what_one_process_shows(small: Journey) -> None:
    """The processes go by one clock: what was in time in one is in time in many."""
    folder, other = make_folder(), make_folder()
    with pytest.raises(KeyboardInterrupt):
        await report(small, folder, Quiet(steps=4), local=True)
    many = await report(small, folder, Quiet(), local=True)
    one = await report(small, other, Quiet())

    assert before_pace(many) == before_pace(one)
    assert re.search(r"line amounts .* USD 36\.77 │ USD 36\.77 │ holds", many)


def before_pace(said: str) -> str:
    return re.split(r"This run|Everything had", said)[0]


@pytest.mark.slow
async def test_the_real_year_from_the_command_line_interrupted_and_resumed() -> None:
    folder = make_folder()
    command = [sys.executable, "-m", "demo", "--households", "4", "--data", str(folder / "demo")]

    async def run(*, interrupt_at: str | None = None) -> tuple[int, str]:
        process = await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, env=dict(os.environ)
        )
        if interrupt_at is not None:
            state = folder / "demo" / "demo.json"
            await eventually(lambda: state.exists() and f'"clock":"{interrupt_at}' in state.read_text(), seconds=120)
            process.send_signal(signal.SIGINT)
        output, _ = await process.communicate()
        return process.returncode or 0, output.decode()

    code, said = await run(interrupt_at="2017-03")
    assert (code, "goes on from here" in said) == (130, True)
    code, said = await run()
    assert code == 0, said
    assert "DOES NOT HOLD" not in said
    assert said.count("holds") == 6
