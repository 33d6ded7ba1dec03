"""A sample as a person sees it: the data set's own pixels, whatever their type and channels."""

import numpy as np
import torch

from project.data import Masks, Resident, Subset
from project.data.examples import example, shown


def test_pixels_and_targets_are_the_data_sets() -> None:
    images = torch.randint(0, 256, (5, 3, 4, 6), dtype=torch.uint8)
    masks = torch.randint(0, 3, (5, 4, 6), dtype=torch.uint8)
    labelled = Subset(Resident(images, torch.arange(5) % 2), torch.tensor([3, 1]))
    seen = example(labelled, 3)
    assert (seen.index, seen.target, type(seen.target)) == (3, 1, int)
    assert np.array_equal(seen.image, images[3].permute(1, 2, 0).numpy())
    seen = example(Subset(Resident(images[:, :1], Masks(masks)), torch.arange(5)), 4)
    assert np.array_equal(seen.image, images[4, 0].numpy())
    assert np.array_equal(seen.target, masks[4].numpy()) and seen.image.shape == seen.target.shape


def test_floats_are_stretched_by_channel_and_three_of_many_channels_are_shown() -> None:
    image = np.zeros((7, 1, 3), np.float32)
    image[0], image[1], image[3:] = [[-1, 0, 1]], [[4, 4, 4]], 1e9
    # From -1 to 1: 0, 127.5 and 255; a constant is black.
    assert shown(image).tolist() == [[[0, 0, 0], [128, 0, 0], [255, 0, 0]]]
    assert shown(image[:2]).tolist() == [[0, 128, 255]]
