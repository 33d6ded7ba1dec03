"""One process sends several runs, each once it has ended; a damaged one holds up no other."""

import os
from pathlib import Path

from project.run_directory import RECORD, log_of
from project.tracking.follower import is_current
from project.tracking.training import RUN_ENDS
from tests import forks
from tests.tracking import stand_in
from tests.tracking.runs import finish, log, make_run

FOLLOWING = (
    "import sys; from tests.tracking import stand_in; stand_in.install();"
    " from project.tracking.each import follow_each; sys.exit(follow_each(0, stand_in.NAME))"
)


def test_runs_that_are_named_are_sent_and_what_is_damaged_is_left(tmp_path: Path) -> None:
    first, damaged, second = (make_run(tmp_path, f"20261121-03451{i}-aaaa") for i in range(3))
    for run in (first, damaged, second):
        log(run, ({"loss": 0.5}, 1))
        finish(run)
    (damaged / RECORD).write_text("{")
    with open(tmp_path / "log", "wb") as errors:
        process = forks.answering(["-c", FOLLOWING], os.environ, errors)
    for run in (first, damaged, second, first):
        process.stdin.write(os.fsdecode(os.fsencode(run) + RUN_ENDS))
    process.stdin.close()
    assert process.wait() == 2
    process.stdout.close()
    for run in (first, second):
        assert is_current(run, stand_in.NAME)
        # It was named twice, and sent once.
        assert stand_in.points(run) == [("loss", 1, 0.5)]
        assert [kind for kind, _ in stand_in.received(run)].count("close") == 1
    assert RECORD in log_of(damaged, stand_in.NAME).read_text()
