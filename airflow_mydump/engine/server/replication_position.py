"""The source's position in its binary log, for whoever sets up a replica from a dump."""

from __future__ import annotations

from airflow_mydump.engine.errors import ServerError
from airflow_mydump.engine.server.session import Session


def read_position(session: Session) -> dict[str, str]:
    """File, offset and executed GTIDs, under mydumper's names for them.

    Empty where the server writes no binary log, or the account may not see it.
    """
    try:
        rows = session.text_rows(session.flavor.binary_log_status)
        if not rows:
            return {}
        position = {"SOURCE_LOG_FILE": rows[0][0], "SOURCE_LOG_POS": rows[0][1]}
        gtids = session.text_rows(f"SELECT @@GLOBAL.{session.flavor.gtid_variable}")[0][0]
    except ServerError:
        return {}
    return {"executed_gtid_set": "".join(gtids.split()), **position}
