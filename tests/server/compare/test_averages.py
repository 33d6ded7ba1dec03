"""The mean of curves, against means worked out here."""

import math

from project.server.compare.averages import averaged


def curve(x: list[float], y: list[float], **more: object) -> dict:
    return {"x": x, "y": y, "points": len(x), "odd": [], "mean": None} | more


def test_curves_of_as_many_points_are_taken_point_by_point() -> None:
    found = averaged([curve([0, 10], [1.0, 2.0]), curve([2, 14], [3.0, 6.0])])
    # Of times, each point's mean: (0 + 2) / 2 and (10 + 14) / 2.
    assert found["x"] == [1, 12] and found["y"] == [2.0, 4.0]
    assert (found["low"], found["high"], found["points"]) == ([1.0, 2.0], [3.0, 6.0], 2)


def test_others_count_where_they_are() -> None:
    found = averaged([curve([0, 2], [0.0, 2.0]), curve([1, 2, 3], [3.0, 4.0, 5.0])])
    assert found["x"] == [0, 1, 2, 3]
    # At 1 the first one is at 1, on the line from 0 to 2; at 3 it has ended.
    assert found["y"] == [0.0, (1 + 3) / 2, (2 + 4) / 2, 5.0]


def test_of_long_curves_the_means_of_their_buckets_count() -> None:
    mean = {"x": [5.0], "y": [0.5]}
    long = curve([0, 1], [0.0, 1.0], mean=mean, odd=[(3, "NaN")], points=9)
    found = averaged([long, curve([], [])])
    assert (found["x"], found["y"], found["points"]) == ([5.0], [0.5], 9)
    assert found["odd"] == [(3, "NaN")]
    assert averaged([curve([], [])])["y"] == [] and not math.isnan(found["low"][0])
