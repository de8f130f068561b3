"""Which of a server's error numbers pass by themselves, which never do, and what that means for another try."""

from __future__ import annotations

GONE = 2006
"""The connection is gone; what a client library says of one that it has closed itself."""

NO_SUCH_DATABASE = 1049
NO_SUCH_TABLE = 1146

ACCESS_DENIED = 1227
"""The account lacks a privilege that is not of a table."""

LOST = frozenset(
    {
        1053,  # the server is shutting down
        1158, 1159, 1160, 1161,  # the network, as the server sees it
        1927,  # somebody killed the connection (MariaDB)
        2003, 2006, 2013, 2026, 2055,  # the connection cannot be made, is gone, or was lost on the way
        4031,  # closed for inactivity (MySQL 8.0.24 and later)
    }
)  # fmt: skip
"""The connection cannot be made, is gone, or was lost on the way: the message says nothing of what was on its end."""

TRANSIENT = LOST | frozenset(
    {
        1040,  # too many connections
        1205,  # a lock was not granted in time
        1213,  # a deadlock; on MySQL also between statements that create or drop tables with foreign keys
        1317,  # somebody killed the query
    }
)  # fmt: skip
"""The same step, tried again after a pause and on a new connection, may well succeed."""

TERMINAL = frozenset(
    {
        1044, 1045, 1142, 1143, 1227, 1370, 1698,  # the account may not
        1049, 1054, 1064, 1146, 1305,  # what is named is not there, or not so
        1062, 1264, 1265, 1366, 1406, 1452, 3819, 4025,  # a row cannot be stored; it will not change
        1071, 1115, 1118, 1273,  # a definition cannot be used on this server
        1153,  # a row is larger than the server takes
        1412,  # a definition changed under a snapshot; only a new plan can know the new one
        1148, 3948,  # LOAD DATA LOCAL is not allowed
    }
)  # fmt: skip
"""No number of tries helps before somebody has done something: the task fails at once."""

DENIED = frozenset({1044, 1045, 1698})
"""A login was refused for good."""
