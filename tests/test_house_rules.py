"""Who may import whom, and that what people read (README, workflow) says what is so."""

import ast
import os
import re
import sys
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

from project import plugs, run_directory
from project.cli.fields import flag_name
from project.hyperparameters import FLAGS
from tests.arrows import FILES, ROOT, arrows, circle, imports, module_name, nodes, tree

# One worker parses the sources once.
pytestmark = pytest.mark.xdist_group("sources")
STANDARD = set(sys.stdlib_module_names)
# What answers --help and a rejected flag: it imports the standard library alone, and itself.
PLAIN = {"project.hyperparameters", "project.run_directory", "project.scores"}
PLAIN_FOLDERS = ("cli", "files", "plugs", "words", "nets.text")
# What is imported within a function, where a person asks for it.
LAZY = {"yaml", "dotenv", "rich", "argcomplete"}
# Each file at the root, and why it stands there.
AT_THE_ROOT = {
    "run": "the command",
    "main": "from argv to an exit code",
    "hyperparameters": "every flag once",
    "plan": "what a command line asks for",
    "experiment": "the wiring",
    "build": "hyperparameters become data, model, solver and trainer",
    "loading": "the data of a run, and of one that goes on",
    "tryout": "model, loss and metrics try made-up samples first",
    "opening": "how a run begins",
    "session": "from its first step to its last",
    "solver": "the LightningModule",
    "closing": "how a run ends",
    "run_directory": "the names of a run's files, once",
    "scores": "which way each score is better: one rule for all rooms",
    "values": "what travels between data, model, loss and task",
    "calibrate": "a command",
    "card": "a command",
    "metadata": "a command",
    "net": "a command",
    "sweep": "a command",
    "scaling": "a command",
    "check": "a command",
    "compare": "a command",
    "predict": "a command",
    "recipe": "a command",
    "reproduce": "a command",
    "verify": "a command",
    "runs": "a command",
    "sync": "a command",
    "serve": "a command",
    "export": "a command",
    "weights": "a command",
    "tune": "a command",
    "__main__": "lists the commands",
    "__init__": "makes it a package",
}
# Other files that spell a name of a run's file, and why.
SPELLS_RUN_FILES = {
    "provenance/schema.py": "tells people what each key means",
    "server/compare/foreign.py": "names facts of the outcome",
    "sync.py": "tells people of the client's own folder",
    "tracking/neptune/layout.py": "ends of names, of any file",
    "tracking/neptune/left.py": "the client's own folder, wherever it works",
}
SDKS = {"mlflow", "neptune", "tensorboard"}
MODULES = {module_name(path) for path in FILES}


def packages(names: set[str]) -> set[str]:
    """The top-level packages of names that are not ours."""
    return {name.partition(".")[0] for name in names} - {"project"}


def ours(names: set[str]) -> set[str]:
    """The modules of ours among names."""
    return {name for name in names if name in MODULES and name != "project"}


def inside(module: str, *folders: str) -> bool:
    return any(module == f"project.{f}" or module.startswith(f"project.{f}.") for f in folders)


def in_folder(*folders: str) -> list[Path]:
    found = [path for path in FILES if inside(module_name(path), *folders)]
    assert found, folders
    return found


def is_plain(module: str) -> bool:
    return module in PLAIN or inside(module, *PLAIN_FOLDERS)


def test_at_the_root_stand_the_main_path_and_the_commands() -> None:
    assert {path.stem for path in (ROOT / "project").glob("*.py")} == set(AT_THE_ROOT)


def test_no_modules_import_each_other_in_a_circle() -> None:
    """Imports in functions and for hints count: no file needs those that need it."""
    found = circle(arrows())
    assert found is None, f"a circle of imports: {found}"


def test_what_is_imported_is_there() -> None:
    for module, to in arrows().items():
        assert to <= arrows().keys(), f"{module} imports {sorted(to - arrows().keys())}"


def test_plain_modules_import_the_standard_library_only() -> None:
    for path in FILES:
        if is_plain(module_name(path)) and path.name != "bar.py":  # drawn on a terminal alone
            assert packages(imports(path)) - LAZY <= STANDARD, path
            assert all(map(is_plain, ours(imports(path)))), path


def test_one_file_spells_the_names_of_a_runs_files() -> None:
    """Text for people may say `checkpoints` or `figures`; what is joined to a path may not."""
    names = vars(run_directory)
    words = [v for name, v in names.items() if name.isupper() and isinstance(v, str)]
    files = "|".join(re.escape(word) for word in words if "." in word)
    folders = "|".join(word for word in words if "." not in word)
    told = re.compile(rf"(?<![\w./-])({files})(?![\w])|(?<![\w./-])({folders})/")
    spelling = set()
    for path in FILES:
        docs = {id(node.value) for node in nodes(path) if isinstance(node, ast.Expr)}
        joined = {
            id(side)
            for node in nodes(path)
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)
            for side in (node.left, node.right)
        }
        for node in nodes(path):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                part = id(node) in joined and re.fullmatch(folders, node.value)
                if id(node) not in docs and (part or told.search(node.value)):
                    spelling.add(path.relative_to(ROOT / "project").as_posix())
    assert spelling == {"run_directory.py", *SPELLS_RUN_FILES}


def test_no_two_files_of_a_package_are_named_by_one_word() -> None:
    """As `follow` and `follower`, `_state` and `state`: nobody knows which to open."""
    named = {("run", "runs"), ("serve", "server"), ("trackers", "tracking")}
    named |= {("net", "nets"), ("recipe", "recipes"), ("tune", "tuning")}  # the tree of rooms
    found: dict[tuple[Path, str], list[str]] = {}
    for path in {*FILES, *(path.parent for path in FILES if path.parent != ROOT / "project")}:
        if not path.stem.startswith("__"):
            word = re.sub(r"(ings?|ers?|ed|es?|s)$", "", path.stem.strip("_"))
            found.setdefault((path.parent, word), []).append(path.stem)
    assert {tuple(sorted(names)) for names in found.values() if len(names) > 1} == named


def test_no_private_file_is_imported_across_packages() -> None:
    for path in FILES:
        package = module_name(path) if path.name == "__init__.py" else module_name(path.parent)
        for name in ours(imports(path)):
            owner, private, _ = name.partition("._")
            # `a._b` belongs to a, and `a._b.c` too.
            assert not private or inside(package, owner.removeprefix("project.")), (path, name)


@pytest.mark.parametrize(
    "folder, allowed",
    [
        ("metrics", {"torch", "numpy", "sklearn"}),
        ("models", {"torch", "torchvision", "segmentation_models_pytorch"}),
        ("losses", {"torch", "torchvision"}),
    ],
)
def test_metrics_models_and_losses_stand_alone(folder: str, allowed: set[str]) -> None:
    for path in in_folder(folder):
        assert packages(imports(path)) - STANDARD <= allowed, path
        assert all(
            inside(m, folder, *PLAIN_FOLDERS)
            or m in {*PLAIN, "project.values"}
            or folder == "models"
            and inside(m, "nets")
            for m in ours(imports(path))
        ), path
        if folder == "metrics":
            # `flag` says what a flag of a metric's own can be.
            plain = {"project.cli.fields", "project.hyperparameters"}
            assert all(inside(m, folder) or m in plain for m in ours(imports(path))), path


def test_comparing_and_reproducing_load_nothing_heavy() -> None:
    heavy = {"torch", "pytorch_lightning", "mlflow", "neptune"}
    for path in in_folder("comparison", "reproduction"):
        assert not packages(imports(path)) & heavy, path


def test_only_the_server_imports_the_server() -> None:
    for path in FILES:
        if [m for m in ours(imports(path)) if inside(m, "server")]:
            assert path.name == "serve.py" or inside(module_name(path), "server"), path


def test_a_trackers_sdk_is_imported_only_in_its_own_files() -> None:
    for path in FILES:
        for sdk in packages(imports(path)) & SDKS:
            own = path.stem == sdk or path.parent.name == sdk
            # The server is MLflow's, with Neptune's protocol in front of it.
            assert own or (sdk == "mlflow" and inside(module_name(path), "server")), (path, sdk)


def test_every_plug_folder_offers_something_and_the_readme_names_it() -> None:
    readme = (ROOT / "README.md").read_text()
    for kind in ("data", "model", "loss", "tracker"):
        assert plugs.names(kind)
        for plug in plugs.names(kind):
            assert f"`{plug}" in readme, f"README does not name {kind} {plug}"


def test_flags_in_readme_and_configs_exist() -> None:
    known = {flag_name(f.name) for f in FLAGS}
    known |= {"--help", "--seeds", "--config", "--print-config", "--traceback", "--half-precision"}
    text = (ROOT / "README.md").read_text()
    text += "".join(path.read_text() for path in sorted((ROOT / "configs").glob("*.yaml")))
    for line in re.findall(r"python3? -m project\.run\b(.*)", text):
        assert set(re.findall(r"(?<![\w-])--[a-z][\w-]*", line)) <= known, line


def test_the_readmes_tree_is_the_tree() -> None:
    readme = (ROOT / "README.md").read_text()
    shown = set(re.findall(r"[\w]+\.py", readme))
    actual = {path.name for path in FILES if path.parent == ROOT / "project"} - {"__init__.py"}
    assert actual <= shown, actual - shown


def test_all_commands_parse_alike() -> None:
    """By `Parser`, which tells a mistake in one line, with the nearest right word."""
    for path in FILES:
        assert "ArgumentParser(" not in path.read_text(), path


def test_the_workflow_is_valid_and_runs_what_ci_runs() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())
    # YAML 1.1 reads the key `on` as true.
    assert set(workflow[True]) == {"push", "pull_request"}
    job = workflow["jobs"]["test"]
    assert job["strategy"]["matrix"]["python-version"] == ["3.11", "3.13"]
    assert [step["run"] for step in job["steps"] if "run" in step] == [".ci/run"]
    assert all(("uses" in step) != ("run" in step) for step in job["steps"])
    script = (ROOT / ".ci" / "run").read_text()
    assert "README.md" in script and "make lint" in script
    assert "pytest" in (ROOT / "README.md").read_text()


def test_no_version_that_carried_malware_is_installed() -> None:
    """2.6.2 and 2.6.3 of Lightning's other package, of the same sources (April 2026)."""
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    wanted = [Requirement(line) for line in lines if line and not line.startswith("#")]
    (lightning,) = (each for each in wanted if each.name == "pytorch-lightning")
    assert "lightning" not in {each.name for each in wanted}
    assert [v for v in ("2.6.2", "2.6.3", "2.6.4") if v in lightning.specifier] == ["2.6.4"]


def test_what_the_tests_leave_out_runs_each_night(pytestconfig: pytest.Config) -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "nightly.yml").read_text())
    assert workflow[True]["schedule"]
    assert [s["run"] for s in workflow["jobs"]["test"]["steps"] if "run" in s] == ["make nightly"]
    assert "pytest -n auto -m nightly" in (ROOT / "Makefile").read_text()
    assert pytestconfig.getini("addopts")[-2:] == ["-m", "not nightly"]


def test_every_file_says_its_subject() -> None:
    for path in FILES:
        doc = ast.get_docstring(tree(path))
        assert path.name == "__main__.py" or doc and doc.splitlines()[0][-1] in ".:,", path


def test_groups_of_tests_stay_in_one_worker(request: pytest.FixtureRequest) -> None:
    """Modules share what is dear to make; apart, each worker would make it once more."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        assert request.node.nodeid.endswith("@sources")
