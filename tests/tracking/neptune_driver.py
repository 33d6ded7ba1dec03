"""A process with the Neptune client in it that does what standard input says, a line at a time.

It imports the client (1.6 s) once for many tests, and keeps its threads and patches out of theirs.
A line is [name, *arguments]: "build" with an environment, a run directory and what is remembered,
or a method of the tracker built last. The answer is [what it returned, null] or [null, "ErrorType:
message"].
"""

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

from project.trackers.neptune import build
from project.tracking.follower import Follower

answers = sys.stdout
sys.stdout = sys.stderr  # where the client prints
tracker = None
for line in sys.stdin:
    name, *arguments = json.loads(line)
    result = error = None
    try:
        if name in ("build", "follow"):
            environment, run_dir, last = arguments
            for variable in ("NEPTUNE_API_TOKEN", "NEPTUNE_PROJECT", "NEPTUNE_MODE"):
                os.environ.pop(variable, None)
            os.environ.update(environment)
        if name == "build":
            tracker = build(Path(run_dir), last)
        elif name == "follow":
            with Follower(Path(run_dir), "neptune") as follower:
                result = asdict(follower.catch_up(ended=last))
                del result["bytes"]
        elif name == "remembered":
            result = tracker.remote
        elif name == "upload":
            tracker.upload(tracker.run_dir / arguments[0])
        else:
            result = getattr(tracker, name)(*arguments)
    except (ValueError, OSError) as problem:
        error = f"{type(problem).__name__}: {problem}"
    print(json.dumps([result, error]), file=answers, flush=True)
