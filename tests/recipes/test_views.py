"""Several views of each image: made, fetched once, passed at once; refused if none reads them."""

import re
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from project.data import Loader, Resident, Subset
from project.data._changing import Augmented
from project.recipes.augmenting import Part
from project.recipes.images import Images
from project.training.step import outputs_of
from tests.recipes.making import augmentation, draws, recipe
from tests.recipes.test_operators import random_images

N = 12
STEPS = "crop", "views: 3", "rotate", "augmix"


def images(n: int = N) -> Tensor:
    return random_images(n, (3, 9, 8), torch.Generator().manual_seed(0))


def made(*steps: str) -> Tensor:
    return recipe(augmentation(*steps)).augmentation(Part(images(), draws(N))).images


def test_the_first_view_is_clean_and_each_other_is_changed_by_its_own_numbers() -> None:
    views = made(*STEPS)
    assert views.shape == (N, 3, 3, 9, 8) and views.dtype == torch.float32
    assert torch.equal(views[:, 0], made("crop"))
    for a, b in ((0, 1), (0, 2), (1, 2)):
        assert not torch.equal(views[:, a], views[:, b])
    assert torch.equal(made("crop", "views: 2", "rotate", "augmix"), views[:, :2])
    changed = made("views: {n: 2, clean: false}", "rotate")
    assert not torch.equal(changed[:, 0], images().float())
    assert not torch.equal(changed[:, 0], changed[:, 1])


def loader(rank: int = 0, world_size: int = 1, batch_size: int = 6) -> Loader:
    samples = Resident(images(), torch.arange(N) % 3)
    subset = Subset(samples, torch.arange(N))
    augmented = Augmented(recipe(augmentation(*STEPS)).augmentation, subset, 3, 0)
    ranks = {"rank": rank, "world_size": world_size}
    given = {"batch_size": batch_size, "training": True, "shuffle": True, **ranks}
    return Loader(subset, (0.5,) * 3, (0.25, 0.5, 1.0), augmented=augmented, **given)


def by_sample(loader: Loader) -> dict[int, Tensor]:
    batches = [batch for block in loader for batch in block]
    pairs = [(i, x) for batch in batches for i, x in zip(batch.indices.tolist(), batch.inputs)]
    return dict(pairs)


def test_batches_have_views_the_same_for_any_batches_and_ranks() -> None:
    whole = by_sample(loader())
    assert len(whole) == N
    others = by_sample(loader(batch_size=4)), {**by_sample(loader(0, 2)), **by_sample(loader(1, 2))}
    for other in others:
        assert other.keys() == whole.keys()
        assert all(torch.equal(other[i], whole[i]) for i in whole)
    clean = made("crop")[0] / 255
    wanted = (clean - 0.5) / torch.tensor([0.25, 0.5, 1.0]).view(3, 1, 1)
    assert torch.allclose(whole[0][0], wanted, atol=1e-5)


def test_images_are_fetched_once(monkeypatch: pytest.MonkeyPatch) -> None:
    fetched: list[int] = []
    stream = Resident.stream

    def counted(self: Resident, indices: Tensor, sizes: list[int]) -> object:
        fetched.extend(indices.tolist())
        return stream(self, indices, sizes)

    monkeypatch.setattr(Resident, "stream", counted)
    by_sample(loader())
    assert sorted(fetched) == list(range(N))


def test_all_views_pass_in_one_batch() -> None:
    """A batch norm has seen one batch of b V images, and each view's outputs are in their place."""
    norm = nn.BatchNorm2d(3)
    net = nn.Sequential(norm, nn.Flatten(), nn.Linear(216, 5))
    views = torch.randn(4, 3, 3, 9, 8, generator=torch.Generator().manual_seed(0))
    found = outputs_of(net, views)
    assert found.shape == (4, 3, 5) and int(norm.num_batches_tracked) == 1
    assert torch.allclose(norm.running_mean, 0.1 * views.mean((0, 1, 3, 4)), atol=1e-6)
    net.eval()
    with torch.no_grad():
        apart = torch.stack([net(views[:, i]) for i in range(3)], 1)
        assert torch.allclose(outputs_of(net, views), apart, atol=1e-5)
        assert torch.equal(outputs_of(net, views[:, 0]), net(views[:, 0]))


def test_what_views_do_not_go_with_is_told_with_its_line() -> None:
    for steps, expected in {
        ("views: 1",): "a.yaml:2: views needs a n of 2 to 16, not 1",
        ("views", "views"): "a.yaml:3: views is given twice; leave one",
        ("group: [flip, views]",): "views can't be in a group",
        ("mixup", "views"): "a.yaml:3: views can't be compared where mixup or cutmix mix images",
    }.items():
        with pytest.raises(ValueError, match=re.escape(expected)):
            recipe(augmentation(*steps))
    viewed, plain = recipe(augmentation(*STEPS)), recipe(augmentation("flip"))
    with pytest.raises(ValueError, match="a.yaml:3: views are of images with labels"):
        viewed.check(Images("masks", (3, 9, 8), True))
    for made, losses, expected in (
        (viewed, ["cross-entropy"], "a.yaml:3: it makes 3 views of each image, and --loss cross-"),
        (plain, ["cross-entropy", "jsd*12"], "--loss jsd compares several views of an image"),
        (viewed, ["jsd"], "--loss jsd compares views, and knows no targets"),
    ):
        with pytest.raises(ValueError, match=expected):
            made.check_losses(losses)
    with pytest.raises(ValueError, match="a --teacher is shown one view"):
        viewed.check_losses(["cross-entropy", "jsd"], has_teacher=True)
    viewed.check_losses(["cross-entropy", "jsd*12"])


def test_the_shipped_recipe_is_the_papers() -> None:
    path = Path(__file__).parents[2] / "configs" / "recipes" / "augmix-jsd.yaml"
    views = recipe(path.read_text()).augmentation(Part(images(), draws(N))).images
    assert views.shape == (N, 3, 3, 9, 8)
