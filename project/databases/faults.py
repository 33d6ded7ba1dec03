"""What a database's errors say: that it can't be reached, and why, in a line."""

import sqlalchemy as sa

# PostgreSQL's classes of errors: the connection, its shutdown or start-up, what it has too little
# of; and a standby that has not taken over yet.
_AWAY = ("08", "57P", "53", "25006")
# What SQLite says of a file that another holds, or that is out of reach.
LOCKED = ("locked", "busy")
UNREACHABLE = ("unable to open", "disk I/O error")


def is_away(error: BaseException) -> bool:
    """Whether the error says that the database can't be reached, not that it was asked wrong."""
    if isinstance(error, sa.exc.TimeoutError):  # of the pool: all its connections wait
        return True
    if not isinstance(error, sa.exc.DBAPIError):
        return False
    if error.connection_invalidated:
        return True
    if (state := getattr(error.orig, "sqlstate", None)) is not None:
        return state.startswith(_AWAY)
    if not isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError):
        return False
    if type(error.orig).__module__.startswith("sqlite3"):
        return any(text in str(error.orig) for text in LOCKED + UNREACHABLE)
    return True  # there was not even a connection to be told a state by


def reason(error: BaseException) -> str:
    """What the driver says first, without the statement that was to be run."""
    text = str(getattr(error, "orig", None) or error).strip()
    return text.splitlines()[0].strip() if text else type(error).__name__
