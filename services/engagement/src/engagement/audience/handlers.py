from collections.abc import Sequence

from common.bus.records import Received
from common.contracts.members import ConsentChanged
from common.db import UnitOfWork
from engagement.audience import service


async def on_consent_changed(uow: UnitOfWork, events: Sequence[Received[ConsentChanged]]) -> None:
    await service.keep_consents(uow, [received.event for received in events])
