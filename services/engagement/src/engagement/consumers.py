"""Everything engagement listens to."""

from common.bus.records import Handlers
from common.contracts.lifecycle import ActionRequested, ActionWithdrawn
from common.contracts.members import ConsentChanged, MemberErased
from engagement.audience.handlers import on_consent_changed
from engagement.errands.handlers import on_action_requested, on_action_withdrawn
from engagement.forgetting.handlers import on_member_erased

HANDLERS = Handlers(
    {
        ActionRequested: on_action_requested,
        ActionWithdrawn: on_action_withdrawn,
        ConsentChanged: on_consent_changed,
        MemberErased: on_member_erased,
    }
)
