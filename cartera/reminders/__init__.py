"""Reminders: plan ▸ approve ▸ send ▸ record. The right message, lawfully, exactly once."""

from cartera.reminders.approve import ApproveReport, approve_reminders, approve_small
from cartera.reminders.channels.email import EmailChannel
from cartera.reminders.plan import PlanReport, plan_reminders
from cartera.reminders.send import send_reminders
from cartera.reminders.sender import SendReport
from cartera.reminders.settle import settle

__all__ = [
    "ApproveReport",
    "EmailChannel",
    "PlanReport",
    "SendReport",
    "approve_reminders",
    "approve_small",
    "plan_reminders",
    "send_reminders",
    "settle",
]
