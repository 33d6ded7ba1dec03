"""The environment: what is installed and set is recorded, and nothing is imported for it."""

import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from project.provenance.environment import environment, lock_text
from project.provenance.redact import Redactor
from tests import forks

ROOT = Path(__file__).parents[2]
REDACTOR = Redactor({})


def install(folder: Path, name: str, direct_url: dict[str, object] | None = None) -> None:
    """What pip leaves behind of a package."""
    info = folder / f"{name}-1.5.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.5\n")
    if direct_url:
        (info / "direct_url.json").write_text(json.dumps(direct_url))


def test_what_the_interpreter_says() -> None:
    found = environment()
    assert found["python"] == ".".join(map(str, sys.version_info[:3]))
    assert found["packages"]["pytest"] == version("pytest")
    assert found["cpu"]["count"] == os.cpu_count() and found["cpu"]["model"]
    assert found["memory_bytes"] > 2**27
    assert found["host"] and found["user"]
    assert json.loads(json.dumps(found)) == found


def test_only_listed_variables_are_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    monkeypatch.setenv("SOMETHING_ELSE", "private")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    variables = environment()["variables"]
    assert variables["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"
    assert "SOMETHING_ELSE" not in variables and "MKL_NUM_THREADS" not in variables


def test_nothing_heavy_is_imported() -> None:
    script = (
        "import sys, warnings; warnings.simplefilter('error')\n"
        "from project.provenance import code, environment, find, record, redact, run, runs_csv\n"
        "e = environment.environment()\n"
        "assert e['torch'] is None and e['gpu'] is None\n"
        "heavy = {'torch', 'numpy', 'pandas', 'pytorch_lightning', 'sklearn'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)


def test_torch_is_described_once_it_is_there() -> None:
    script = (
        "import warnings; warnings.simplefilter('error')\n"
        "import torch\n"
        "from project.provenance import environment\n"
        "torch.set_num_threads(1)\n"
        "torch.use_deterministic_algorithms(True)\n"
        "t = environment.environment()['torch']\n"
        "assert t['version'] == torch.__version__ and t['threads'] == 1\n"
        "assert t['deterministic_algorithms'] is True\n"
        "assert t['deterministic_warn_only'] is False\n"
    )
    forks.told(["-c", script], os.environ)


def test_the_lock_names_every_package_by_where_it_came_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path / "a", "Zeta_Pack")
    install(tmp_path / "a", "alpha.x")
    install(tmp_path / "b", "alpha-x", {"url": "https://elsewhere.org/alpha.whl"})  # shadowed
    commit = "0123abcd" * 5
    vcs = {"vcs": "git", "commit_id": commit}
    install(
        tmp_path / "b", "from-git", {"url": "https://me:" "pass@host.org/x.git", "vcs_info": vcs}
    )
    wheel = "https://host.org/w-1.5.whl"
    install(tmp_path / "b", "from-wheel", {"url": wheel, "archive_info": {}})
    install(tmp_path / "b", "local-wheel", {"url": "file:///w.whl", "archive_info": {}})
    editable = {"url": "file:///src", "dir_info": {"editable": True}}
    install(tmp_path / "b", "google-auth", editable)
    (tmp_path / "b" / "~roken-1.0.dist-info").mkdir()  # pip was stopped
    monkeypatch.setattr(sys, "path", [str(tmp_path / "a"), str(tmp_path / "b")])
    header, *lines = lock_text(REDACTOR).splitlines()
    assert header.startswith("# Python 3.")
    assert lines == [
        "alpha-x==1.5",
        f"from-git @ git+https://***@host.org/x.git@{commit}",
        "from-wheel @ https://host.org/w-1.5.whl",
        "# google-auth==1.5 was installed from file:///src",
        "local-wheel==1.5  # was installed from file:///w.whl",
        "zeta-pack==1.5",
    ]


def test_a_user_without_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown() -> str:
        raise KeyError("getpwuid(): uid not found: 12345")

    monkeypatch.setattr("getpass.getuser", unknown)
    assert environment()["user"] == str(os.getuid())
