"""What a pass found of each sample: in the order of the index, whatever the batches."""

import numpy as np
import torch

from project.training.sample_table import SampleTable


def test_rows_are_in_the_order_of_the_index() -> None:
    values = torch.arange(12.0).view(6, 2)
    order = torch.tensor([4, 0, 5, 1, 3, 2])
    table = SampleTable()
    for piece in order.split(4):
        batch = values[piece]
        table.add(piece, {"first": batch[:, 0], "both": batch})
        batch.zero_()  # what was given may be overwritten meanwhile
    found = table.end()
    assert found["index"].tolist() == [0, 1, 2, 3, 4, 5]
    assert found["first"].tolist() == [0, 2, 4, 6, 8, 10]
    np.testing.assert_array_equal(found["both"], values.numpy())
    assert table.end() == {}
