from datetime import datetime

from pydantic import BaseModel, Field

from lifecycle.actions.schemas import ActionView
from lifecycle.answers.timelines.domain import Kind
from lifecycle.receipts.schemas import ReceiptView
from lifecycle.standing.transitions.schemas import TransitionView


class TimelineEntry(BaseModel):
    """One thing of a member's timeline 時間線; the part that its kind names is there."""

    kind: Kind
    moment: datetime = Field(description="When the member moved, it was decided, or it was first asked for.")
    transition: TransitionView | None = None
    decision: ReceiptView | None = None
    action: ActionView | None = None
