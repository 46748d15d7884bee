"""Engagement's periodic work."""

from datetime import timedelta

from common.jobs import Job
from engagement.deliveries.service import deliver_due
from engagement.tasks.service import show_overdue

JOBS = (Job("webhooks", timedelta(seconds=2), deliver_due), Job("overdue_tasks", timedelta(seconds=30), show_overdue))
