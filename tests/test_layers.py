"""The rooms of `project/` and of its server, from the ground up, and that no arrow points up."""

import re

import pytest

import project.server
from tests.arrows import arrows, between, circle
from tests.test_house_rules import is_plain

# One worker parses the sources once.
pytestmark = pytest.mark.xdist_group("sources")
# Each room, and the others that its files may import from, besides what is plain. A room that is
# not here is a module at the root: the main path or a command, which may use any room.
ROOMS: dict[str, set[str]] = {
    "values": set(),
    "metrics": set(),
    "tasks": {"metrics", "values"},
    "losses": {"values"},
    "optimizers": set(),
    "nets": set(),
    "models": {"nets", "values"},
    "data": {"recipes", "values"},
    "recipes": set(),
    "datasets": {"data", "values"},
    "processes": set(),
    "databases": set(),
    "training": {"data", "processes", "recipes", "values"},
    "callbacks": {"tables", "training", "values"},
    "tables": set(),
    "tracking": set(),
    "trackers": {"tracking"},
    # What weights a run had is asked of its checkpoints.
    "provenance": {"tables", "training"},
    # A model is made as for training, of what its checkpoint says.
    "inference": {"data", "models", "provenance", "recipes", "tasks", "training", "values"},
    "modelcard": {"provenance", "tables"},
    "calibration": {"inference", "provenance", "values"},
    "derivation": {"data", "inference", "training"},
    "soundness": {"deployment", "inference", "provenance", "tables", "training", "values"},
    "deployment": {"data", "inference", "provenance", "tables", "tracking", "training", "values"},
    "sheets": {"data", "values"},
    "comparison": {"provenance", "tables"},
    "notification": {"comparison", "provenance", "tracking"},
    "reproduction": {"provenance", "tracking"},
    "disk": {"comparison", "provenance", "tracking"},
    "search": {
        "comparison",
        "data",
        "databases",
        "processes",
        "provenance",
        "tracking",
        "training",
    },
    "tuning": {"data", "training", "values"},
    "forecast": {"provenance", "search"},
    "metadataset": {"comparison", "provenance", "search", "tables"},
    "server": {"comparison", "databases", "provenance", "tracking"},
}
COMMANDS = {"run", "calibrate", "check", "compare", "export", "predict", "reproduce", "verify"}
COMMANDS |= {"card", "metadata", "recipe", "net", "runs", "sync", "serve", "weights", "tune"}
COMMANDS |= {"scaling", "sweep"}
# Who may build from what is chosen by name.
WIRING = {
    "build",
    "loading",
    "tryout",
    "opening",
    "session",
    "closing",
    "experiment",
    "net",
    "tune",
}
# The server's, from the ground up: each may import from those before it.
SERVER = (
    *("address", "certificate", "settings", "body", "errors"),
    *("store", "storage", "api", "mlflow"),
    *("auth", "workspaces", "containers", "ingestion", "attributes", "files", "query", "compare"),
    *("app", "announcement", "prepare", "start", "stop", "token_command"),
)


def room(module: str) -> str:
    """The folder or module below `project` that a module is in; `plain` for what all may use."""
    return "plain" if is_plain(module) else module.removeprefix("project.").split(".")[0]


def server_room(module: str) -> str:
    inside = module.startswith("project.server.")
    return module.split(".")[2] if inside else "elsewhere"


def all_rooms() -> dict[str, set[str]]:
    return between(room, [name for name in arrows() if name != "project"])


def test_rooms_import_from_those_below_alone() -> None:
    found = all_rooms()
    assert ROOMS.keys() <= found.keys()
    for name, may in ROOMS.items():
        assert found[name] <= may | {"plain"}, f"{name} imports from {found[name] - may}"


def test_plain_modules_know_no_room() -> None:
    assert all_rooms()["plain"] == set()


def test_no_rooms_import_from_each_other_in_a_circle() -> None:
    found = circle(all_rooms())
    assert found is None, f"a circle of rooms: {found}"


def test_the_solver_and_the_commands_wire_nothing() -> None:
    chosen = {"data", "datasets", "models", "losses", "metrics", "tasks", "callbacks"}
    chosen |= {"trackers"}
    for name, to in all_rooms().items():
        if name not in ROOMS and name not in WIRING:
            assert not to & chosen, f"{name} imports from {to & chosen}"


def test_nothing_imports_a_command() -> None:
    """Only the list of the commands and the shell may start one."""
    for name, to in all_rooms().items():
        assert not to & COMMANDS, f"{name} imports {to & COMMANDS}"


@pytest.mark.parametrize(
    "inner, outer", [("main", {"run", "tune"}), ("experiment", {"main", "tune"})]
)
def test_only_commands_import_the_main_path(inner: str, outer: set[str]) -> None:
    assert {name for name, to in all_rooms().items() if inner in to} <= outer


def test_the_servers_rooms_import_from_those_below_alone() -> None:
    modules = [name for name in arrows() if name.startswith("project.server.")]
    found = between(server_room, modules)
    assert set(SERVER) == found.keys()
    for height, name in enumerate(SERVER):
        above = found[name] - set(SERVER[:height]) - {"elsewhere"}
        assert not above, f"server/{name} imports from {above}"


def test_the_servers_docstring_names_its_packages_from_the_ground_up() -> None:
    named = re.findall(r"^    (\w+) ", project.server.__doc__, re.MULTILINE)
    inside = [module.split(".") for module in arrows() if module.startswith("project.server.")]
    packages = {path[2] for path in inside if len(path) > 3}
    assert named == [name for name in SERVER if name in packages]
