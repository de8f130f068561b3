"""Moves every tenant of a server each night, each in a run of its own, and mails what became of them.

Needs two connections of type MySQL, `mydump_source` and `mydump_target`, and runs as it is. Every database whose name
begins with `tenant_` is a tenant. With the environment variable MYDUMP_ALERT_TO set for Airflow, and a connection
`smtp_default`, whoever it names gets a mail for each night that fails.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from airflow_mydump.dag_factory import ExecutionConfig, FleetConfig, FleetDag, TargetConfig
from airflow_mydump.notifications import MigrationNotifier

if TYPE_CHECKING:
    from airflow.providers.smtp.notifications.smtp import SmtpNotifier

    from airflow_mydump.notifications.message import RunMessage

ALERT_TO = os.environ.get("MYDUMP_ALERT_TO", "")


def mail(message: RunMessage) -> SmtpNotifier:
    """The mail, made by the provider for SMTP."""
    from airflow.providers.smtp.notifications.smtp import SmtpNotifier

    return SmtpNotifier(to=ALERT_TO, subject=message.subject, html_content=message.html)


FleetDag(
    "nightly_fleet",
    fleet=FleetConfig("mydump_source", pattern="tenant_*", max_active_tenants=4),
    target=TargetConfig("mydump_target"),
    execution=ExecutionConfig(concurrency=2),
    schedule="0 1 * * *",
    on_failure_callback=MigrationNotifier(mail) if ALERT_TO else None,
    doc_md=__doc__,
    tags=["mydump"],
)
