from pathlib import Path

from common.runtime import Service
from lifecycle.actions.endpoints import router as actions
from lifecycle.answers.endpoints import router as answers
from lifecycle.answers.timelines.endpoints import router as timelines
from lifecycle.batches.ticks.service import Ticks
from lifecycle.batches.timers.service import next_due
from lifecycle.consumers import HANDLERS
from lifecycle.jobs import JOBS
from lifecycle.members.endpoints import router as members
from lifecycle.publishing.endpoints import router as policies
from lifecycle.publishing.enrolments.endpoints import router as enrolments
from lifecycle.publishing.reviews.endpoints import router as reviews
from lifecycle.receipts.endpoints import router as receipts
from lifecycle.replays.endpoints import router as replays
from lifecycle.resources import build_resources
from lifecycle.settings import LifecycleSettings
from lifecycle.standing.endpoints import router as standing
from lifecycle.standing.segments.endpoints import router as segments
from lifecycle.standing.transitions.endpoints import router as transitions
from lifecycle.standing.trends.endpoints import router as trends

SERVICE = Service(
    name="lifecycle",
    title="Lifecycle 生命週期",
    folder=Path(__file__).resolve().parents[2],
    settings=LifecycleSettings,
    routers=[
        members,
        transitions,
        trends,
        actions,
        standing,
        segments,
        policies,
        enrolments,
        replays,
        answers,
        timelines,
        receipts,
        reviews,
    ],
    handlers=HANDLERS,
    jobs=JOBS,
    progress=Ticks,
    next_due=next_due,
    needs_history=True,
    resources=build_resources,
)
