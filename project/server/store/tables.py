"""Our tables, beside MLflow's in the same database: what Neptune's model has and MLflow's has not.

Curves stand in MLflow's `metrics` alone, but for points with a fractional step. Times are unix
milliseconds.
"""

import sqlalchemy as sa

METADATA = sa.MetaData()
ID = sa.String(36)
NAME = sa.String(250)


def _table(name: str, *parts: sa.Column | sa.Constraint | sa.Index) -> sa.Table:
    return sa.Table(f"neptune_{name}", METADATA, *parts)


# A project is an MLflow experiment; its models stand in a second one, `models_id`.
projects = _table(
    "projects",
    sa.Column("id", ID, primary_key=True),
    sa.Column("workspace", NAME, nullable=False),
    sa.Column("name", NAME, nullable=False),
    sa.Column("key", NAME, nullable=False),
    sa.Column("visibility", NAME, nullable=False),
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("experiment_id", sa.Integer, nullable=False),
    sa.Column("models_id", sa.Integer, nullable=True),
    # The number that the next container gets.
    sa.Column("next_number", sa.Integer, nullable=False),
    sa.Column("created", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("workspace", "name"),
)

# A run, model, model version or project: whatever has attributes. Its MLflow run is `run_uuid`,
# which is `id` without dashes.
containers = _table(
    "containers",
    sa.Column("id", ID, primary_key=True),
    sa.Column("run_uuid", sa.String(32), nullable=False, unique=True),
    sa.Column("project_id", ID, nullable=False, index=True),
    sa.Column("type", sa.String(20), nullable=False),  # run, project, model, modelVersion
    sa.Column("short_id", NAME, nullable=False),  # RUN-1
    sa.Column("custom_id", NAME, nullable=True),
    sa.Column("parent_id", ID, nullable=True, index=True),
    sa.Column("created", sa.BigInteger, nullable=False),
    sa.Column("pinged", sa.BigInteger, nullable=True),  # the last sign of life
    sa.Column("state", sa.String(20), nullable=False),  # see states.py
    sa.Column("versions", sa.Integer, nullable=False),  # how many a model has had
    sa.UniqueConstraint("project_id", "short_id"),
    sa.UniqueConstraint("project_id", "type", "custom_id"),
)

# Which columns hold the value: float, int, bool (0 or 1) and datetime: `number` (an int's exact
# digits in `text`, and a negative zero); string, artifact (hash), experimentState: `text`;
# stringSet, gitRef, file, fileSet: `text`, as JSON (a file's size in `number` too); floatSeries:
# `number` is the last value; stringSeries: `text` is; imageSeries: none. A series has its last
# step and its length.
attributes = _table(
    "attributes",
    sa.Column("container_id", ID, primary_key=True),
    sa.Column("path", sa.String(1024), primary_key=True),
    sa.Column("type", sa.String(20), nullable=False),
    # The name under which MLflow shows it, and as what: metric, param, tag or nothing.
    sa.Column("key", NAME, nullable=True),
    sa.Column("shown_as", sa.String(10), nullable=True),
    sa.Column("text", sa.Text, nullable=True),
    sa.Column("number", sa.Double, nullable=True),
    sa.Column("step", sa.Double, nullable=True),
    sa.Column("length", sa.BigInteger, nullable=True),
    sa.Index("neptune_attributes_path", "path", "container_id"),
)

# Points whose step is no whole number; MLflow's row of each has the step rounded down.
fractions = _table(
    "fractions",
    sa.Column("run_uuid", sa.String(32), primary_key=True),
    sa.Column("key", NAME, primary_key=True),
    sa.Column("step", sa.Double, primary_key=True),
    sa.Column("timestamp", sa.BigInteger, primary_key=True),
    sa.Column("value", sa.Double, primary_key=True),
)

# Points whose value is a negative zero, of which SQLite keeps no sign.
negative_zeros = _table(
    "negative_zeros",
    sa.Column("run_uuid", sa.String(32), primary_key=True),
    sa.Column("key", NAME, primary_key=True),
    sa.Column("step", sa.Double, primary_key=True),
    sa.Column("timestamp", sa.BigInteger, primary_key=True),
)

# Entries of string and image series; an image's value is JSON: its file, name and description.
entries = _table(
    "entries",
    sa.Column("container_id", ID, primary_key=True),
    sa.Column("path", sa.String(1024), primary_key=True),
    sa.Column("number", sa.BigInteger, primary_key=True),  # 0, 1, ... as they came
    sa.Column("step", sa.Double, nullable=False),
    sa.Column("timestamp", sa.BigInteger, nullable=False),
    sa.Column("value", sa.Text, nullable=False),
)

# The files of file sets; a folder's own name ends with "/".
set_files = _table(
    "set_files",
    sa.Column("container_id", ID, primary_key=True),
    sa.Column("path", sa.String(1024), primary_key=True),
    sa.Column("file", sa.String(1024), primary_key=True),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("changed", sa.BigInteger, nullable=False),
)

# The last batches of operations of each container, so that one that comes again changes nothing.
batches = _table(
    "batches",
    sa.Column("container_id", ID, primary_key=True),
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("answer", sa.Text, nullable=False),
)

artifacts = _table(
    "artifacts",
    sa.Column("project_id", ID, primary_key=True),
    sa.Column("hash", sa.String(64), primary_key=True),
    sa.Column("size", sa.BigInteger, nullable=True),
    sa.Column("received", sa.Boolean, nullable=False),  # whether its list of files has come
)

artifact_files = _table(
    "artifact_files",
    sa.Column("project_id", ID, primary_key=True),
    sa.Column("hash", sa.String(64), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),  # 0, 1, ... as they came
    sa.Column("file", sa.Text, nullable=False),  # JSON: filePath, fileHash, type, size, metadata
)

# Stop and abort, asked for by a person and sent to the client by whichever worker holds its socket.
signals = _table(
    "signals",
    sa.Column("id", ID, primary_key=True),
    sa.Column("container_id", ID, nullable=False, index=True),
    sa.Column("type", sa.String(20), nullable=False),  # stop, abort
    sa.Column("seconds", sa.Double, nullable=False),
    sa.Column("created", sa.BigInteger, nullable=False),
    sa.Column("sent", sa.BigInteger, nullable=True),
)

accounts = _table(
    "accounts",
    sa.Column("name", NAME, primary_key=True),
    sa.Column("service", sa.Boolean, nullable=False),  # a service account, not a person
    sa.Column("admin", sa.Boolean, nullable=False),
    sa.Column("created", sa.BigInteger, nullable=False),
)

tokens = _table(
    "tokens",
    sa.Column("id", ID, primary_key=True),
    sa.Column("account", NAME, nullable=False, index=True),
    sa.Column("digest", sa.String(64), nullable=False, unique=True),
    sa.Column("created", sa.BigInteger, nullable=False),
    sa.Column("used", sa.BigInteger, nullable=True),
    sa.Column("revoked", sa.BigInteger, nullable=True),
)

members = _table(
    "members",
    sa.Column("project_id", ID, primary_key=True),
    sa.Column("account", NAME, primary_key=True, index=True),
    sa.Column("role", sa.Integer, nullable=False),
)

# Addresses of the page, kept by name: of an account (then `workspace` is empty), or of all who have
# a role in a workspace (then `account` is).
views = _table(
    "views",
    sa.Column("workspace", NAME, primary_key=True),
    sa.Column("account", NAME, primary_key=True),
    sa.Column("name", NAME, primary_key=True),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("author", NAME, nullable=False),
    sa.Column("changed", sa.BigInteger, nullable=False),
)
