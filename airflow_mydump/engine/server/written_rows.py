"""What a server says of rows that were written to it, in its binary log or not.

Its position in the binary log says nothing of sessions with ``sql_log_bin = 0``, nor of a replica that does not log
what it applies. Its counters of rows do.
"""

from __future__ import annotations

from airflow_mydump.engine.errors import ServerError
from airflow_mydump.engine.identifier import literal
from airflow_mydump.engine.server.session import Session


def count_written_rows(session: Session) -> str:
    """The counters, which move with every row that anybody inserts, changes or deletes in a table of InnoDB from now on
    until the server ends.

    Empty where that cannot be told: the account may not see it (PROCESS), or a transaction has written rows and not
    ended, so that they may become visible without another count.
    """
    names = session.flavor.row_counters
    try:
        counters = session.pairs(f"SHOW GLOBAL STATUS WHERE Variable_name IN ({', '.join(map(literal, names))})")
        ((*_, status),) = session.text_rows("SHOW ENGINE INNODB STATUS")
    except ServerError:
        return ""
    # A long text is cut in the middle of its transactions.
    if len(counters) != len(names) or "undo log entries" in status or "... truncated..." in status:
        return ""
    return ", ".join(f"{name} {value}" for name, value in sorted(counters))
