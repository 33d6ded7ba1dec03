"""What a recipe does to a block: each image by its own draws alone, in the order of the file."""

import re
from collections import Counter

import numpy as np
import pytest
import torch
from torch import Tensor

from project.recipes.augmenting import Part
from project.recipes.images import Images
from project.recipes.operators import OPERATORS
from project.recipes.preparing import Equalize
from project.recipes.recipe import Recipe
from project.recipes.trying import check_tried
from project.values import IGNORED
from tests.recipes.making import augmentation, draws, recipe

N = 60
SHUFFLED = "group: {depth: [1, 3], of: [rotate, {brightness: {p: 0.5}}, {elastic: 2}, crop, flip]}"
OF_ALL_KINDS = augmentation(
    "flip",
    "rotate: {p: 0.5, range: [-20, 20]}",
    SHUFFLED,
    "one-of: {p: 0.7, of: [equalize, {contrast: [0.5, 2]}, resized-crop]}",
    "group: {depth: 2, repeat: true, of: [{shear-x: 0.2}, solarize]}",
)


def images(n: int = N, shape: tuple[int, int, int] = (3, 12, 10)) -> Tensor:
    source = torch.Generator().manual_seed(1)
    return torch.randint(0, 256, (n, *shape), generator=source, dtype=torch.uint8)


def changed(made: Recipe, given: Tensor, **which: int) -> Tensor:
    return made.augmentation(Part(given, draws(len(given), **which))).images


def test_an_image_does_not_depend_on_its_block_by_one_bit() -> None:
    made, given = recipe(OF_ALL_KINDS), images()
    whole, numbers = changed(made, given), draws(N)
    assert whole.dtype == torch.float32 and given.equal(images())
    for size in (1, 7, 32):
        for rows in np.array_split(np.random.default_rng(size).permutation(N), N // size):
            part = made.augmentation(Part(given[torch.from_numpy(rows)], numbers[rows])).images
            assert part.equal(whole[torch.from_numpy(rows)])
    # Every image has its own draws, each epoch others, and so has each seed.
    same = changed(made, given[:1].expand(N, -1, -1, -1))
    assert len(same.flatten(1).unique(dim=0)) > N * 0.9
    assert not whole.equal(changed(made, given, epoch=1))
    assert not whole.equal(changed(made, given, seed=1))


def test_steps_are_what_their_operators_do_with_the_same_numbers() -> None:
    """A raw loop, image by image: geometries in a row are one, colours interrupt them."""
    made, given = (
        recipe(augmentation("rotate", "shear-x: {p: 0.5}", "brightness", "rotate")),
        images(),
    )
    numbers = [draws(N).uniform(place, 2) for place in (1, 2, 3, 4)]
    for i, image in enumerate(given.float()[:, None]):
        u = [torch.from_numpy(each[[i]]) for each in numbers]
        low, high = (OPERATORS["shear-x"].range for _ in range(2))
        strength = [-30 + 60 * u[0][:, 1], low[0] + (high[1] - low[0]) * u[1][:, 1]]
        first = OPERATORS["rotate"].apply((12, 10), strength[0], u[0][:, 2:])
        if u[1][0, 0] < 0.5:
            first = first.then(OPERATORS["shear-x"].apply((12, 10), strength[1], u[1][:, 2:]))
        bright = OPERATORS["brightness"].apply(first.sample(image), 0.6 + 0.8 * u[2][:, 1], u[2])
        last = OPERATORS["rotate"].apply((12, 10), -30 + 60 * u[3][:, 1], u[3])
        torch.testing.assert_close(
            changed(made, given)[[i]], last.sample(bright), rtol=0, atol=1e-3
        )


def test_masks_move_as_their_images_do() -> None:
    """An image that is its own mask stays so, up to half a level of interpolation; else ignored."""
    steps = (
        "flip",
        "crop",
        "rotate: {p: 0.5}",
        "brightness: {p: 0.5, range: 1}",
        "elastic",
        SHUFFLED,
    )
    made = recipe(augmentation(*steps).replace("{brightness: {p: 0.5}}", "{brightness: 1}"))
    masks = torch.arange(1, 17, dtype=torch.uint8).repeat_interleave(16).view(1, 1, 16, 16) * 8
    masks = masks.repeat(N, 1, 1, 1)
    moved, move, _ = made.augmentation(Part(masks, draws(N)), is_followed=True)
    found = move(masks, IGNORED)
    assert found.shape == masks.shape and found.dtype == torch.uint8
    inside = found != IGNORED
    assert 0.5 < inside.float().mean() < 1 and not found.equal(masks)
    # Rows differ by 8: a bilinear pixel lies between the rows around it, but at borders.
    off = (moved - found)[inside].abs()
    assert (off <= 8).float().mean() > 0.9
    whole = recipe(augmentation("flip", "crop"))
    moved, move, _ = whole.augmentation(Part(masks, draws(N)), is_followed=True)
    found = move(masks, IGNORED)
    assert moved.equal(torch.where(found == IGNORED, 0, found).float())


def test_groups_take_as_many_steps_as_they_say_in_any_order() -> None:
    """Each step adds its digit: brightness can't, so orders are read from what each image had."""
    made, n = recipe(augmentation("group: {depth: [1, 3], of: [flip, crop, invert]}")), 3000
    taken: list[list[str]] = [[] for _ in range(n)]
    group = made.augmentation.steps[0]
    names = [step.operator.name for step in group.steps]

    class Noted:
        def __init__(self, name: str) -> None:
            self.name = name

        def __call__(self, moving: object, rows: np.ndarray, draws: object) -> None:
            for row in rows:
                taken[row].append(self.name)

    noted = type(group)(**vars(group) | {"steps": [Noted(name) for name in names]})
    noted(None, np.arange(n), draws(n))
    lengths = Counter(map(len, taken))
    # 1, 2 and 3 are as likely: 1000 each, with a deviation of sqrt(n 2/9) = 26.
    assert lengths.keys() == {1, 2, 3} and all(abs(c - 1000) < 4 * 26 for c in lengths.values())
    orders = Counter(tuple(each) for each in taken if len(each) == 2)
    assert len(orders) == 6 and all(len(set(order)) == 2 for order in orders)
    given = type(group)(**vars(noted) | {"is_shuffled": False})
    taken[:] = [[] for _ in range(n)]
    given(None, np.arange(n), draws(n))
    assert {tuple(each) for each in taken if len(each) == 2} == {
        ("flip", "crop"),
        ("flip", "invert"),
        ("crop", "invert"),
    }
    again = type(group)(**vars(noted) | {"repeats": True, "depth": (2, 2)})
    taken[:] = [[] for _ in range(n)]
    again(None, np.arange(n), draws(n))
    assert len({tuple(each) for each in taken}) == 9


WRONG = {
    "": "a.yaml: says nothing; write preprocessing or augmentation, with a list below",
    "- flip": "a.yaml:1: preprocessing or augmentation belongs here, with a list below",
    "augment: [flip]": "a.yaml:1: there is no part 'augment', did you mean 'augmentation'?",
    "augmentation: []": "a.yaml:1: augmentation needs a list of steps, not an empty list",
    "preprocessing: [flip]": "no step 'flip'; it changes images at random: augmentation",
    "augmentation: [resize]": "no step 'resize'; it is a step of preprocessing",
    "preprocessing: [resiz: 3]": "a.yaml:1: there is no step 'resiz', did you mean 'resize'?",
    "preprocessing: [resize]": "a.yaml:1: resize needs a size",
    "preprocessing: [resize: [1, 2, 3]]": "a whole number from 1 to 4096, or two of them as size",
    "preprocessing: [grey: 2]": "grey needs a channels of 1 or 3, not 2",
    "preprocessing: [normalise: {std: 0}]": "normalise needs numbers above 0 as std, not 0",
    "preprocessing: [normalise, normalise]": "normalise is given twice; leave one",
    "augmentation: [rotat]": "a.yaml:1: there is no step 'rotat', did you mean 'rotate'?",
    "augmentation: [rotate: [30, -30]]": "rotate has an empty range: 30 is more than -30",
    "augmentation: [rotate: {rang: 3}]": "rotate has no 'rang', did you mean 'range'?",
    "augmentation: [rotate: {p: 2}]": "rotate needs a p from 0 to 1, not 2",
    "augmentation: [rotate: [a, 3]]": "rotate needs a range of two numbers, as [-30, 30]",
    "augmentation: [brightness: 20]": "brightness takes a range within 0 to 10 (factor)",
    "augmentation: [flip: 3]": "flip takes no 3",
    "augmentation: [[flip]]": "augmentation has steps, each of one name, not a list",
    "augmentation: [{flip: {}, crop: {}}]": "each of one name, not several names",
    "augmentation: [blur: {kernel: a}]": "blur takes kernel as its default is, 5, not 'a'",
    "augmentation: [group]": "group needs a list of steps under 'of'",
    "augmentation: [group: {of: [flip], depth: 2}]": "group takes a depth within 0 to 1 (steps)",
    "augmentation: [group: {of: [flip], depth: 0.5}]": "needs whole numbers as depth, not 0.5",
    "augmentation: [group: {of: [flip], order: up}]": "needs random or given as order, not 'up'",
    "augmentation: [group: {of: [flip], repeat: 3}]": "needs true or false as repeat, not 3",
    "augmentation: [one-of: {of: [flip], depth: 1}]": "one-of has no 'depth' (it takes of, p)",
    "augmentation: !!python/name:os [flip]": "tags such as",
    "augmentation: [augmix: {chains: 0}]": "augmix takes chains from 1 to 20, not 0",
    "augmentation: [augmix: {depth: [3, 1]}]": "the first not more than the second, not [3, 1]",
}


def test_all_mistakes_are_told_at_once_each_with_its_line() -> None:
    for text, expected in WRONG.items():
        with pytest.raises(ValueError, match=re.escape(expected)) as error:
            recipe(text)
        assert str(error.value).startswith("a.yaml"), text
    lines = ["augmentation:", "  - rotat", "  - flip: {q: 1}", "  - rotate: [3, 1]", "part: 3"]
    with pytest.raises(ValueError) as error:
        recipe("\n".join(lines))
    told = [line.split(": ")[0] for line in str(error.value).splitlines()]
    assert told == ["a.yaml:2", "a.yaml:3", "a.yaml:4", "a.yaml:5"]


def test_data_that_a_step_cant_take_are_refused_with_its_line() -> None:
    text = "preprocessing:\n  - crop: 9\n  - grey\n" + augmentation("saturation", "augmix")
    grey, colour = Images("labels", (1, 8, 8), True), Images("labels", (3, 16, 16), True)
    for given, expected in {
        grey: [
            "a.yaml:2: crop takes 9x9 pixels of images of 8x8; pad them first",
            "a.yaml:3: grey needs images of 3 channels, not 1",
            "a.yaml:5: saturation needs images of 3 channels, not 1",
        ],
        colour: ["a.yaml:5: saturation needs images of 3 channels, not 1"],
        colour._replace(kind="masks"): [
            "a.yaml:2: crop would make images of another size than their masks; --image-size and"
            " --fit, or --crop-size, size both",
            "a.yaml:5: saturation needs images of 3 channels, not 1",
            "a.yaml:6: augmix can't tell where it moves pixels; masks would not follow",
        ],
    }.items():
        with pytest.raises(ValueError) as error:
            recipe(text).check(given)
        assert str(error.value).splitlines() == expected
    with pytest.raises(ValueError, match="a.yaml:2: brightness needs pixels of 0 to 255"):
        recipe(augmentation("brightness")).check(colour._replace(has_levels=False))


def test_a_recipe_that_leaves_nothing_of_images_is_refused() -> None:
    given = [(i, image[None]) for i, image in enumerate(images(4))]
    for text, line in {
        augmentation("flip", "brightness: 0", "rotate"): 3,
        "preprocessing:\n  - resize: 1\n" + augmentation("flip"): 2,
    }.items():
        with pytest.raises(ValueError) as error:
            check_tried(recipe(text), given, seed=0)
        assert str(error.value) == (
            f"a.yaml:{line}: after this step all pixels are equal, in each of 4 training images"
            " that were tried"
        )
    check_tried(recipe(OF_ALL_KINDS), given, seed=0)
    flat = [(i, torch.full_like(image, 7)) for i, image in given]
    check_tried(recipe(augmentation("brightness: 0")), flat, seed=0)


def test_mixed_images_are_the_papers_sums() -> None:
    """Each step before is done to partners by their own numbers; Beta's shape by its moments."""
    steps = "rotate", "mixup: {p: 0.5, alpha: 0.4}", "invert: {p: 1}"
    made, given, n = recipe(augmentation(*steps)), images(), draws(2 * N)
    own, others = Part(given, n[:N]), Part(given.flip(0), n[N:])
    found = made.augmentation(own, others)
    turned = recipe(augmentation("rotate")).augmentation
    x, y = (turned(part).images.double() for part in (own, others))
    share = found.shares.view(-1, 1, 1, 1)
    torch.testing.assert_close(
        found.images.double(), 255 - (share * x + (1 - share) * y), rtol=0, atol=1e-3
    )
    assert found.shares.eq(1).float().mean().item() == pytest.approx(0.5, abs=0.2)
    many = recipe(augmentation("mixup: 0.4")).augmentation
    part = Part(torch.zeros(5000, 1, 1, 1), draws(5000))
    shares = many(part, part).shares
    # Of Beta(a, a) the mean is 1/2, and the variance 1 / (4 (2 a + 1)).
    assert shares.mean().item() == pytest.approx(0.5, abs=0.02)
    assert shares.var().item() == pytest.approx(1 / (4 * 1.8), abs=0.01)


def test_cutmix_says_how_much_of_an_image_is_left() -> None:
    made = recipe(augmentation("one-of: {p: 0.9, of: [cutmix]}"))
    black, white = torch.zeros(N, 3, 16, 12), torch.full((N, 3, 16, 12), 255)
    found = made.augmentation(Part(black, draws(N)), Part(white, draws(N)))
    cut = found.images[:, 0] > 0
    torch.testing.assert_close(1 - cut.double().mean((1, 2)), found.shares)
    # A rectangle: each row that is cut at all is cut at the same columns.
    for one in cut[found.shares < 1]:
        assert one.equal(one.any(1)[:, None] & one.any(0)[None])
    assert len(found.shares.unique()) > N / 2
    with pytest.raises(
        ValueError, match="a.yaml:2: cutmix mixes labels, and these data have masks"
    ):
        recipe(augmentation("cutmix")).check(Images("masks", (3, 8, 8), True))
    made.check_losses(["cross-entropy"])
    with pytest.raises(
        ValueError, match=r"a.yaml:2: it mixes labels, which --loss focal can't take"
    ):
        made.check_losses(["cross-entropy", "focal*0.5"])


def test_equalized_images_are_the_operators_bit_for_bit() -> None:
    """The step of the preprocessing is written so that it can be exported."""
    given = torch.cat(
        [images().float(), (images().float() / 40).floor() * 40, torch.ones(1, 3, 12, 10)]
    )
    none = torch.zeros(len(given), dtype=torch.float64)
    expected = OPERATORS["equalize"].apply(given, none, none[:, None][:, :0])
    assert Equalize("")(given).equal(expected)
