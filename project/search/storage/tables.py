"""The tables of all sweeps of a storage; Optuna's own stand beside them (`mirror.py`).

JSON is text: it has the exact digits of each float, NaN and infinities, on both databases. Times
are seconds since 1970 by the database's clock.
"""

import sqlalchemy as sa

# Goes up with each change of these tables; storages of another version are refused.
VERSION = 1
METADATA = sa.MetaData()

storage = sa.Table(
    "sweep_storage", METADATA, sa.Column("version", sa.Integer, nullable=False, unique=True)
)

sweeps = sa.Table(
    "sweeps",
    METADATA,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("spec", sa.Text, nullable=False),
    sa.Column("goal", sa.Text, nullable=False),  # what of the spec may grow
    sa.Column("created", sa.Double, nullable=False),
)

facts = sa.Table(
    "sweep_facts",
    METADATA,
    sa.Column("sweep", sa.ForeignKey("sweeps.id"), primary_key=True),
    sa.Column("key", sa.String(200), primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)

workers = sa.Table(
    "sweep_workers",
    METADATA,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("sweep", sa.ForeignKey("sweeps.id"), nullable=False, index=True),
    sa.Column("host", sa.Text, nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("about", sa.Text, nullable=False),
    sa.Column("joined", sa.Double, nullable=False),
    sa.Column("seen", sa.Double, nullable=False),
    sa.Column("gone", sa.Double),  # when it left, or was found dead
)

jobs = sa.Table(
    "sweep_jobs",
    METADATA,
    sa.Column("sweep", sa.ForeignKey("sweeps.id"), primary_key=True),
    sa.Column("kind", sa.String(20), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("flags", sa.Text, nullable=False),  # the values of those searched
    sa.Column("facts", sa.Text, nullable=False),
    sa.Column("retry_of", sa.Integer),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("run", sa.Text),
    # Who holds it, until when. The token of the last holder stays when it has ended.
    sa.Column("worker", sa.String(32)),
    sa.Column("token", sa.String(32), unique=True),
    sa.Column("lease", sa.Double),
    sa.Column("result", sa.Text),
    sa.Column("planned", sa.Double, nullable=False),
    sa.Column("started", sa.Double),
    sa.Column("ended", sa.Double),
    sa.Index("sweep_jobs_by_state", "sweep", "state"),
    sa.Index("sweep_jobs_by_worker", "worker"),
)
