"""What pytest knows of a run while it is checked: fixtures, and what came out, for one table."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from torch import Tensor

from project.inference.predictor import Predictor
from project.inference.test_split import Splits
from project.soundness.limits import CHANGES, Limits
from project.soundness.repeated import RepeatedTest

_NONE = "none demanded"
PASSED, FAILED, SKIPPED = "passed", "failed", "not checked"


@dataclass(frozen=True)
class Result:
    """What came of a check.

    Attributes:
        name: what is checked, as a sentence or a name.
        result: PASSED, FAILED or SKIPPED.
        found: what was measured, or why it failed or could not be looked at.
        seconds: that it took.
    """

    name: str
    result: str
    found: str
    seconds: float


@dataclass
class Plugin:
    """Gives the checks what they look at, and takes what comes of them.

    Attributes:
        directory: of the run.
        model: of its best checkpoint.
        splits: its data.
        limits: what is demanded.
        results: in the order of the checks.
    """

    directory: Path
    model: Predictor
    splits: Splits
    limits: Limits
    results: list[Result] = field(default_factory=list)

    @pytest.fixture(scope="session")
    def run(self) -> Path:
        """The run's directory."""
        return self.directory

    @pytest.fixture(scope="session")
    def predictor(self) -> Predictor:
        """The model of its best checkpoint, as the test had it."""
        return self.model

    @pytest.fixture(scope="session")
    def test_split(self) -> Splits:
        """Its data: `test_split.batches("test")` gives images, targets and indices."""
        return self.splits

    @pytest.fixture(scope="session")
    def tested(self) -> RepeatedTest:
        """The test done again: `scores`, `columns`, and what was `recorded_...` of either."""
        return RepeatedTest(self.directory, self.model, self.splits)

    @pytest.fixture(scope="session")
    def few(self) -> tuple[Tensor, Any]:
        """The images and targets of the first batch of the test."""
        images, targets, _ = next(self.splits.batches("test"))
        return images, targets

    @pytest.fixture(scope="session")
    def demanded(self) -> Limits:
        """What the command line demands."""
        return self.limits

    @pytest.fixture
    def found(self, request: pytest.FixtureRequest) -> Callable[[str], None]:
        """Says what was measured, for the table."""
        return lambda text: request.node.user_properties.append(("found", text))

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """A check for each floor, and for each kind of change."""
        if "floor" in metafunc.fixturenames:
            floors = self.limits.floors
            ids = [f"{name}={least:g}" for name, least in floors.items()]
            metafunc.parametrize("floor", floors.items() or [None], ids=ids or [_NONE])
        if "change" in metafunc.fixturenames:
            metafunc.parametrize("change", CHANGES)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Without floors there is nothing to look at."""
        items[:] = [item for item in items if not item.name.endswith(f"[{_NONE}]")]

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        """Call a check by the first sentence that it says of itself."""
        says = (getattr(item, "obj", None).__doc__ or "").strip().partition("\n")[0].rstrip(".")
        callspec = getattr(item, "callspec", None)
        ids = f" ({callspec.id})" if callspec else ""
        item.user_properties.append(("name", f"{says or item.name.partition('[')[0]}{ids}"))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A file of checks that can't be imported is a failure."""
        if report.failed:
            self.results.append(Result(report.nodeid, FAILED, _last_line(report.longrepr), 0.0))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep what came of a check, or of its fixtures where these fail."""
        if report.when != "call" and report.passed:
            return
        told = dict(report.user_properties)
        result = PASSED if report.passed else SKIPPED if report.skipped else FAILED
        why = told.get("found", "") if report.passed else _why(report)
        self.results.append(Result(told["name"], result, why, report.duration))


def _why(report: pytest.TestReport) -> str:
    """What an assertion says, or the reason of a skip."""
    if report.skipped:
        return str(report.longrepr[2]).removeprefix("Skipped: ")
    crash = getattr(report.longrepr, "reprcrash", None)
    first = (crash.message if crash else _last_line(report.longrepr)).partition("\n")[0]
    return first.removeprefix("AssertionError: ")


def _last_line(longrepr: Any) -> str:
    lines = [line for line in str(longrepr).splitlines() if line.strip()]
    return lines[-1].removeprefix("E").strip() if lines else "it can't be collected"
