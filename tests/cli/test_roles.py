"""What flags are about: no name in a role that is no flag, and who may differ in what."""

from project.cli import roles
from project.hyperparameters import BY_NAME


def test_roles_are_of_flags_that_there_are() -> None:
    named = {name: value for name, value in vars(roles).items() if isinstance(value, frozenset)}
    assert len(named) > 10
    for name, flags in named.items():
        assert flags <= BY_NAME.keys(), f"{name}: {sorted(flags - BY_NAME.keys())}"


def test_a_flag_that_computes_nothing_is_neutral_everywhere() -> None:
    where = {"exp_dir", "data_dir", "tracker", "neptune_mode", "keep", "keep_optimizer"}
    for role in ("FREE_ON_RESUME", "PER_MACHINE", "NEUTRAL_TO_RESULTS", "NEUTRAL_FLAGS"):
        assert where <= getattr(roles, role)
        assert not {"seed", "data", "model", "loss", "learning_rate"} & getattr(roles, role)
