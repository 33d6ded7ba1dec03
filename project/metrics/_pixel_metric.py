"""What all metrics of pixels share."""

from project.metrics._metric import Metric
from project.metrics._pixel_confusion import PixelConfusion
from project.metrics._pixels import Pixels


class PixelMetric(Metric):
    """A family of scores of all pixels but the ignored ones: a `Metric` of segmentation.

    It takes logits `(b, n_classes, H, W)` and targets `(b, H, W)` int64, 255 where a pixel is
    ignored. A class that is neither the target nor the prediction of any pixel has the score NaN
    and is left out of means; a pass without any pixel that counts is a ValueError.
    """

    tasks = ("segmentation",)
    view = Pixels
    guard = PixelConfusion
    state = PixelConfusion
