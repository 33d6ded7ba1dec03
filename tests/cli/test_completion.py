"""Tab completion, as a shell asks for it; and that nothing of it is loaded otherwise."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RUN = "20261121-034512-7h3k"


def completed(line: str, exp_dir: Path) -> list[str]:
    """What is offered at the end of `line`; the protocol is argcomplete's."""
    answer = exp_dir / "answer"
    module = line.split()[2]
    told = {"_ARGCOMPLETE": "3", "_ARGCOMPLETE_SHELL": "bash", "_ARGCOMPLETE_IFS": "\n"}
    told |= {"COMP_LINE": line, "COMP_POINT": str(len(line)), "COMP_TYPE": "9"}
    told |= {"_ARGCOMPLETE_STDOUT_FILENAME": str(answer), "PROJECT_EXP_DIR": str(exp_dir)}
    subprocess.run([sys.executable, "-m", module], env=os.environ | told, cwd=ROOT, check=True)
    return [word.strip() for word in answer.read_text().splitlines()]


@pytest.mark.parametrize(
    "rest, offered",
    [
        ("run --model ", {"cnn", "file", "hrnet", "mlp", "resnet", "smp", "torchvision", "unet"}),
        ("run --layer", {"--layer-decay"}),
        ("run --name t", {"trial"}),
        ("run --resume 2026", {RUN}),
        ("compare t", {"trial"}),
        ("runs tag 2026", {RUN}),
        ("compare best:trial/", {"best:trial/val_loss", "best:trial/test_loss"}),
    ],
)
def test_names_of_plugs_flags_and_runs_are_offered(
    tmp_path: Path, rest: str, offered: set[str]
) -> None:
    (tmp_path / "trial" / RUN).mkdir(parents=True)
    (tmp_path / "trial" / RUN / "record.json").write_text("{}")
    scores = {"best": {"metrics": {"val_loss": 1}}, "test": {"test_loss": 1, "test_f1/cat": 1}}
    (tmp_path / "trial" / RUN / "outcome.json").write_text(json.dumps(scores))
    assert set(completed(f"python -m project.{rest}", tmp_path)) == offered


def test_every_command_says_to_the_shell_that_it_can() -> None:
    for path in (ROOT / "project").glob("*.py"):
        text = path.read_text()
        if '__name__ == "__main__"' in text:
            # argcomplete looks at the beginning alone.
            assert "PYTHON_ARGCOMPLETE_OK" in text[:1024], path
