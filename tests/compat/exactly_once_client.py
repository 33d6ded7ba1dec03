"""One client of `exactly_once`: the unmodified Neptune client, logging as fast as it can."""

import logging
import sys

import neptune

# Points that one call logs: few, so that there are many operations.
AT_ONCE = 10
START = 1_700_000_000


def main(points: int) -> None:
    """Print the run's name, log a quarter of the points to each of four curves, and stop."""
    logging.getLogger("neptune").setLevel(logging.CRITICAL)
    quiet = {"capture_stdout": False, "capture_stderr": False, "capture_hardware_metrics": False}
    run = neptune.init_run(flush_period=0.1, source_files=[], git_ref=False, **quiet)
    print(run.get_url().rpartition("/")[2], flush=True)
    for start in range(0, points // 4, AT_ONCE):
        steps = list(range(start, start + AT_ONCE))
        values = [step / 7 for step in steps]
        times = [START + step / 1000 for step in steps]
        run["stepped"].extend(values, steps=steps, timestamps=times)
        run["fractional"].extend(values, steps=[step / 4 for step in steps], timestamps=times)
        run["stepless"].extend(values)
        run["constant"].extend([1.0] * AT_ONCE)
        run["log"].append(f"line {start}")
    run.stop()


if __name__ == "__main__":
    main(int(sys.argv[1]))
