"""What differs between runs, and what is the same."""

from project.server.compare.differences import rows


def test_a_fact_differs_if_any_run_has_another_value_or_none() -> None:
    first = {("flags", "lr"): "0.1", ("flags", "seed"): "0", ("data", "hash"): "a"}
    second = {("flags", "lr"): "0.2", ("flags", "seed"): "0"}
    found = {(row["section"], row["name"]): row for row in rows([first, second])}
    assert found[("flags", "lr")]["values"] == ["0.1", "0.2"]
    assert found[("flags", "lr")]["differs"]
    assert not found[("flags", "seed")]["differs"]
    assert found[("data", "hash")]["values"] == ["a", None]
    assert found[("data", "hash")]["differs"]


def test_our_sections_come_first_and_names_stay_in_order() -> None:
    run = {("zoo", "a"): "1", ("code", "sha"): "1", ("flags", "z"): "1", ("flags", "a"): "1"}
    run |= {("apes", "a"): "1"}
    found = [(row["section"], row["name"]) for row in rows([run])]
    assert found == [("flags", "z"), ("flags", "a"), ("code", "sha"), ("apes", "a"), ("zoo", "a")]


def test_a_run_alone_differs_in_nothing() -> None:
    assert not any(row["differs"] for row in rows([{("flags", "lr"): "0.1"}]))
