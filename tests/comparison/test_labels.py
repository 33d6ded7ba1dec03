"""What runs are called side by side."""

from project.comparison.labels import labels

IDS = [f"2026112{i}-034512-{i}h3k" for i in range(6)]


def named(*flags: dict[str, str], codes: list[str] | None = None) -> list[str]:
    n = len(flags)
    return labels(flags, codes or ["abc"] * n, ["d"] * n, IDS[:n])


def test_an_mlp_among_cnns_is_named() -> None:
    flags = [{"seed": str(seed), "model": "cnn", "data": "digits"} for seed in range(3)]
    flags.append({"seed": "0", "model": "mlp", "data": "digits"})
    assert named(*flags) == [
        *("model cnn, seed 0", "model cnn, seed 1", "model cnn, seed 2", "model mlp, seed 0")
    ]
    # Nor does a flag that is another for each run hide it.
    rates = [flag | {"learning_rate": f"0.{i}", "seed": "0"} for i, flag in enumerate(flags, 1)]
    assert named(*rates)[2:] == ["learning_rate 0.3, model cnn", "learning_rate 0.4, model mlp"]


def test_the_seed_stands_where_nothing_else_tells_apart() -> None:
    runs = [{"seed": str(i), "width": str(i % 3), "depth": str(i // 3)} for i in range(6)]
    assert named(*runs)[4] == "width 1, depth 1"
    same = [{"seed": str(i), "model": "cnn"} for i in range(2)]
    assert named(*same) == ["seed 0", "seed 1"]
    # Code that differs says more than a seed.
    assert named(*same, codes=["abc", "abd*"]) == ["code abc", "code abd*"]


def test_runs_that_nothing_tells_apart_have_the_end_of_their_ids() -> None:
    assert named({"seed": "0"}, {"seed": "0"}) == ["run 0h3k", "run 1h3k"]
    third = named({"seed": "0", "model": "a"}, {"seed": "0", "model": "a"}, {"model": "b"})
    assert third == ["model a, run 0h3k", "model a, run 1h3k", "model b"]
    assert named({"seed": "0"}) == IDS[:1]
    assert labels([{}, {}], ["", ""], ["", ""], ["2 seeds", "a name"]) == ["2 seeds", "a name"]


def test_at_most_three_flags_unless_more_are_needed() -> None:
    many = [{f"flag{j}": str(i == j) for j in range(6)} for i in range(6)]
    found = named(*many)
    assert len(set(found)) == 6 and found[0].count(",") == 4
    two = [{f"flag{j}": str(i) for j in range(6)} for i in range(2)]
    assert named(*two) == ["flag0 0, flag1 0, flag2 0", "flag0 1, flag1 1, flag2 1"]


def test_flags_that_others_only_lack_are_no_help() -> None:
    """As those of a newer version among runs of an older one."""
    new = {"refuse": "false", "model": "cnn", "width": "8"}
    found = named(new, new | {"width": "16"}, {"model": "cnn", "width": "32"})
    assert found == ["width 8", "width 16", "width 32"]
    # But where nothing else tells runs apart, what one lacks does.
    assert named(new, {"model": "cnn", "width": "8"}) == ["refuse false", "refuse -"]
