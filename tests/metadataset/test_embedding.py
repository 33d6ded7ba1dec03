"""Vectors of settings: positions, places and absences, and the distances between them."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from project.hyperparameters import Hyperparameters
from project.metadataset.embedding import HyperparametersEmbedding
from project.metadataset.facts import space
from project.metadataset.ranges import CHOICE, NUMBER, SEVERAL, TEXT, Axis, axes_of
from project.plugs import flat
from project.search.space import space_of

AXES = (
    Axis("rate", NUMBER, 1e-4, 1e-1, log=True),
    Axis("depth", NUMBER, 1.0, 5.0),
    Axis("epochs", NUMBER, 1.0, None, half=9.0),
    Axis("optimizer", CHOICE, choices=("sgd", "adamw")),
    Axis("augment", SEVERAL, choices=("flip", "crop", "mix")),
)
HERE = HyperparametersEmbedding(AXES)


def test_a_vector_has_positions_places_and_a_mask() -> None:
    assert HERE.columns == (
        *("rate", "depth", "epochs", "optimizer=sgd", "optimizer=adamw", "optimizer=other"),
        *("augment=flip", "augment=crop", "augment=mix", "augment=other"),
        *("has rate", "has depth", "has epochs", "has optimizer", "has augment"),
    )
    one = {"rate": 1e-2, "depth": 2, "epochs": 28, "optimizer": "adamw", "augment": ["crop"]}
    other = {"rate": 5.0, "depth": 1, "optimizer": "mine:Own", "augment": [], "seed": 3}
    found = HERE([one, other])
    # Of 3 decades 2; (2 - 1) / (5 - 1); (28 - 1) / (28 - 1 + 9).
    assert found[0] == pytest.approx([2 / 3, 0.25, 0.75, 0, 1, 0, 0, 1, 0, 0, 1, 1, 1, 1, 1])
    # Beyond the end is at it, what was never heard of is `other`, and epochs are not there.
    assert found[1] == pytest.approx([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 1, 0, 1, 1])


def test_distances_are_means_of_differences() -> None:
    one = {"rate": 1e-2, "depth": 2, "optimizer": "adamw", "augment": ["flip", "crop"]}
    other = {"rate": 1e-3, "depth": 4, "optimizer": "sgd", "augment": ["crop", "mix"], "epochs": 1}
    vectors = HERE([one, other, one])
    # A decade of 3; 2 of 4; only one has epochs; another choice; of 3 changes both have 1.
    expected = np.mean([1 / 3, 0.5, 1.0, 1.0, 2 / 3])
    assert HERE.distances(vectors[0], vectors[1:]) == pytest.approx([expected, 0.0])


SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "rate": st.floats(0, 1e6) | st.none(),
        "depth": st.integers(-3, 9),
        "epochs": st.integers(1, 10**9),
        "optimizer": st.sampled_from(["sgd", "adamw", "torch.optim:RMSprop"]),
        "augment": st.lists(st.sampled_from(["flip", "crop", "other words"]), max_size=2),
    },
)


@given(SETTINGS, SETTINGS, SETTINGS)
def test_distances_are_a_metric_within_the_unit_interval(one: dict, two: dict, three: dict) -> None:
    vectors = HERE([one, two, three])
    assert ((vectors >= 0) & (vectors <= 1)).all()
    apart = np.array([HERE.distances(vector, vectors) for vector in vectors])
    assert np.diag(apart).tolist() == [0.0] * 3
    assert (apart == apart.T).all() and (apart <= 1 + 1e-12).all()


def test_the_axes_of_runs_are_those_of_their_fields() -> None:
    flags = Hyperparameters(model="mlp", loss=("focal*0.5", "cross-entropy")).to_values()
    axes = {axis.name: axis for axis in axes_of(space({"flags": flags}))}
    rate = axes["learning_rate"]
    assert (rate.low, rate.high, rate.log) == (1e-4, 1e-1, True)
    # Choices of numbers are a range; of four times and more a logarithmic one.
    assert (axes["hidden_dim"].low, axes["hidden_dim"].high, axes["hidden_dim"].log) == (64, 512, 1)
    assert axes["hidden_dim"].position(128) == pytest.approx(1 / 3)
    assert axes["dropout"].position(0.25) == 0.5
    assert axes["max_epochs"].position(30) == 0.5 and axes["max_epochs"].high is None
    assert axes["focal_gamma"].position(2.5) == 0.5
    assert "torchvision" in axes["model"].choices and axes["recipe"].kind == TEXT
    assert not {"seed", "exp_name", "data_dir", "tracker", "num_workers", "resume"} & axes.keys()
    loss = HyperparametersEmbedding([axes["loss"]])
    assert loss([flat(flags)])[0].sum() == 2 + 1  # two terms, and that there are any


def test_a_flag_of_a_plug_that_is_gone_is_a_text() -> None:
    axes = axes_of({"model": "mynets:Gone", "loss": "", "optimizer": "adamw", "own": ["n_heads"]})
    assert (axes[-1].name, axes[-1].kind) == ("n_heads", TEXT)
    found = HyperparametersEmbedding(axes[-1:])([{"n_heads": 4}, {"n_heads": 4}, {}])
    assert (found[0] == found[1]).all() and found[0].sum() == 2 and found[2].sum() == 0


def test_a_sweeps_space_has_its_own_ranges(tmp_path: Path) -> None:
    file = tmp_path / "space.yaml"
    file.write_text("learning_rate: log [1e-3, 1e-1]\naugment: ['', flip crop]\n")
    asked = space_of(["--model", "mlp"], [], file)
    embedding = HyperparametersEmbedding.of_search(asked)
    found = embedding([{"learning_rate": math.sqrt(1e-4), "augment": ["flip", "crop"]}])
    assert dict(zip(embedding.columns, found[0], strict=True)) == pytest.approx(
        {
            **{"learning_rate": 0.5, "augment=": 0, "augment=flip crop": 1, "augment=other": 0},
            **{"has learning_rate": 1, "has augment": 1},
        }
    )
