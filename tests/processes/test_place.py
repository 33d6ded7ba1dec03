"""What a launcher has settled: which process this is, and how many there are."""

import os
from pathlib import Path

import pytest

from project.cli.flags import parse
from project.hyperparameters import Hyperparameters
from project.main import main
from project.plan import make_plan
from project.processes.place import Place, n_devices, place, settle

# What torchrun --nnodes 2 --nproc-per-node 4 tells the last of its processes.
TORCHRUN = {
    "TORCHELASTIC_RUN_ID": "none",
    "GROUP_RANK": "1",
    "RANK": "7",
    "LOCAL_RANK": "3",
    "LOCAL_WORLD_SIZE": "4",
    "WORLD_SIZE": "8",
}
# What srun tells the fifth process of `#SBATCH --nodes 2 --ntasks-per-node 4`.
SRUN = {
    "SLURM_STEP_ID": "0",
    "SLURM_NODEID": "1",
    "SLURM_PROCID": "4",
    "SLURM_LOCALID": "0",
    "SLURM_NTASKS": "8",
    "SLURM_NNODES": "2",
    "SLURM_NTASKS_PER_NODE": "4",
}
# In its batch script, and in a shell of salloc, nothing has been started.
BATCH = {name: value for name, value in SRUN.items() if name != "SLURM_STEP_ID"}


@pytest.mark.parametrize(
    "environ, expected, first",
    [
        ({}, Place("", 0, 0), True),
        (TORCHRUN, Place("torchrun", 1, 3, 4, 2), False),
        (TORCHRUN | {"GROUP_RANK": "0", "LOCAL_RANK": "0"}, Place("torchrun", 0, 0, 4, 2), True),
        (SRUN, Place("srun", 1, 0, 4, 2), False),
        (BATCH, Place("", 0, 0), True),
        (SRUN | {"SLURM_NTASKS": "1"}, Place("", 0, 0), True),
        # torchrun in each task of srun.
        (SRUN | TORCHRUN, Place("torchrun", 1, 3, 4, 2), False),
        ({"NODE_RANK": "1"}, Place("", 1, 0), False),
        ({"LOCAL_RANK": "2"}, Place("", 0, 2), False),
    ],
)
def test_a_place_is_what_the_launcher_says(
    environ: dict[str, str], expected: Place, first: bool
) -> None:
    assert place(environ) == expected
    assert expected.is_first == first


@pytest.mark.parametrize(
    "environ, message",
    [
        (TORCHRUN | {"WORLD_SIZE": "7"}, "torchrun started 7 processes, not the same number on"),
        (SRUN | {"SLURM_NTASKS": "5"}, "srun started 5 processes, not the same number on"),
        (TORCHRUN | {"LOCAL_RANK": "x"}, "LOCAL_RANK is 'x' in the environment"),
        (TORCHRUN | {"LOCAL_RANK": "4"}, "LOCAL_RANK is '4' in the environment; here it is 0 to 3"),
        (TORCHRUN | {"GROUP_RANK": "2"}, "GROUP_RANK is '2' in the environment; here it is 0 to 1"),
        (TORCHRUN | {"RANK": "8"}, "RANK is '8' in the environment; here it is 0 to 7"),
        (TORCHRUN | {"LOCAL_WORLD_SIZE": "0"}, "LOCAL_WORLD_SIZE is '0' .*; here it is 1 on"),
        (SRUN | {"SLURM_PROCID": "8"}, "SLURM_PROCID is '8' in the environment; here it is 0 to 7"),
        (SRUN | {"SLURM_PROCID": "-1"}, "SLURM_PROCID is '-1' in the environment; here it is 0 to"),
        (SRUN | {"SLURM_NODEID": "2"}, "SLURM_NODEID is '2' in the environment; here it is 0 to 1"),
        (SRUN | {"SLURM_LOCALID": "4"}, "SLURM_LOCALID is '4' in the environment; here it is 0 to"),
        (SRUN | {"SLURM_NNODES": "0"}, "SLURM_NNODES is '0' in the environment; here it is 1 on"),
        ({k: v for k, v in SRUN.items() if k != "SLURM_PROCID"}, "SLURM_PROCID is None in"),
        ({"NODE_RANK": "-1"}, "NODE_RANK is '-1' in the environment; here it is 0 on"),
        ({k: v for k, v in SRUN.items() if k != "SLURM_NNODES"}, "SLURM_NNODES is None in"),
        (
            {k: v for k, v in SRUN.items() if k != "SLURM_NTASKS_PER_NODE"},
            "srun: give --ntasks-per-node=4 instead of --ntasks",
        ),
    ],
)
def test_a_wrong_environment_is_named(environ: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        place(environ)


def under(monkeypatch: pytest.MonkeyPatch, environ: dict[str, str]) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("environ", [TORCHRUN, SRUN])
def test_the_launchers_word_on_numbers_holds(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    under(monkeypatch, environ)
    for flags in ([], ["--devices", "4"], ["--devices", "auto", "--nodes", "2"]):
        hparams = make_plan(parse([*flags, "--exp-dir", str(tmp_path)])).hparams
        assert (hparams.devices, hparams.nodes) == ("4", 2)
    indices = settle(Hyperparameters(devices="0,1,2,5"), frozenset({"devices"}))
    assert (indices.devices, indices.nodes) == ("0,1,2,5", 2)


@pytest.mark.parametrize(
    "environ, flags, message",
    [
        (TORCHRUN, "--devices 2", "--devices 2: torchrun has settled on 4 on each machine"),
        (SRUN, "--nodes 3", "--nodes 3: srun has settled on 2 machines"),
        ({}, "--nodes 2", "; MASTER_ADDR, MASTER_PORT, NODE_RANK are missing"),
        (
            {"MASTER_ADDR": "a", "MASTER_PORT": "1"},
            "--nodes 2",
            "; NODE_RANK is missing",
        ),
        (
            {"MASTER_ADDR": "a", "MASTER_PORT": "x", "NODE_RANK": "1"},
            "--nodes 2",
            "MASTER_PORT is 'x' in the environment; it should be a number",
        ),
        (
            {"MASTER_ADDR": "a", "MASTER_PORT": "1", "NODE_RANK": "2"},
            "--nodes 2",
            "NODE_RANK is '2' in the environment; here it is 0 to 1",
        ),
        # Left over in the shell: nobody would record this run.
        ({"NODE_RANK": "1"}, "", "NODE_RANK is '1' in the environment; here it is 0 to 0"),
    ],
)
def test_contradictions_are_one_line(
    environ: dict[str, str],
    flags: str,
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    # The first of a machine's processes speaks.
    under(monkeypatch, environ | ({"LOCAL_RANK": "0"} if "LOCAL_RANK" in environ else {}))
    assert main([*flags.split(), "--accelerator", "cpu", "--exp-dir", str(tmp_path)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ") and message in line
    assert not list(tmp_path.iterdir())


def test_a_process_beyond_the_devices_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCAL_RANK", "2")
    with pytest.raises(ValueError, match="LOCAL_RANK is '2' in the environment; here it is 0 to 1"):
        settle(Hyperparameters(devices="2"), frozenset())


def test_devices_are_counted() -> None:
    assert [n_devices(text) for text in ("3", "0,2", "auto")] == [3, 2, None]


def test_by_hand_on_two_machines(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    under(monkeypatch, {"MASTER_ADDR": "a", "MASTER_PORT": "1", "NODE_RANK": "1"})
    flags = ["--nodes", "2", "--devices", "3", "--exp-dir", str(tmp_path)]
    hparams = make_plan(parse(flags)).hparams
    assert (hparams.devices, hparams.nodes) == ("3", 2)
    assert not place(os.environ).is_first
