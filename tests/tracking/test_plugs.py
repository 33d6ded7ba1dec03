"""Which trackers a run is sent to."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from project.tracking import followed, load, resolve

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "names, environ, expected",
    [
        ((), {}, ("mlflow",)),
        (("mlflow", "tensorboard", "mlflow"), {}, ("mlflow", "tensorboard")),
        (("csv",), {}, ()),
        (("csv", "tensorboard"), {}, ("tensorboard",)),
        (("none",), {}, ()),
        (("none", "none"), {}, ()),
    ],
)
def test_names(names: tuple[str, ...], environ: dict[str, str], expected: tuple[str, ...]) -> None:
    assert resolve(names, "trial", environ) == expected


def test_a_token_is_a_wish_for_neptune(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEPTUNE_API_TOKEN", "token")
    monkeypatch.setenv("NEPTUNE_MODE", "offline")
    # Not mlflow too: the token's server may show the store that mlflow writes to.
    assert resolve((), "trial", {"NEPTUNE_API_TOKEN": "token"}) == ("neptune",)
    assert resolve(("mlflow",), "trial", {"NEPTUNE_API_TOKEN": "token"}) == ("mlflow",)


def test_debug_sends_nothing() -> None:
    assert resolve((), "debug", {"NEPTUNE_API_TOKEN": "token"}) == ()
    assert resolve(("csv",), "debug", {}) == ()
    with pytest.raises(ValueError, match="'debug' sends nothing .* --exp-name"):
        resolve(("mlflow",), "debug", {})


def test_none_excludes_others() -> None:
    with pytest.raises(ValueError, match="none excludes mlflow"):
        resolve(("none", "mlflow"), "trial", {})


def test_mistaken_settings_are_found_early(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "htp://ada:" "secret@host")
    with pytest.raises(ValueError, match="MLFLOW_TRACKING_URI begins with 'htp:'") as error:
        resolve(("mlflow",), "trial", {})
    assert "secret" not in str(error.value)


def test_a_missing_package_is_named_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match="needs the package 'mlflow'.*`pip install"):
        resolve(("mlflow",), "trial", {})


def test_an_unknown_tracker_is_named_with_the_nearest() -> None:
    with pytest.raises(ValueError, match="'mlfow' is none of .*did you mean 'mlflow'"):
        load("mlfow")


def test_csv_has_no_follower() -> None:
    assert {"mlflow", "neptune", "tensorboard"} <= set(followed())
    assert "csv" not in followed()


def test_resolving_imports_no_package_of_a_tracker() -> None:
    script = f"""
import sys
from project.tracking import load, resolve
resolve((), "trial", {{}})
for name in {followed()!r}:
    load(name)
heavy = {{"mlflow", "neptune", "tensorboard", "torch", "pytorch_lightning", "numpy"}}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", script], check=True, cwd=ROOT)
