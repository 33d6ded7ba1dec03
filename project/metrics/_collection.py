"""Many metrics as one, sharing their state."""

from collections.abc import Iterable

from project.metrics._accumulators import Accumulator, Seen
from project.metrics._metric import Metric, Scores, Streaming


class Collection(Streaming):
    """Metrics updated together; those that need the same sums share them, updated once a batch."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        metrics = list(metrics)
        shared: dict[tuple, Accumulator] = {}
        for own in (own for metric in metrics for own in metric.accumulators):
            shared.setdefault(own.kind, own)
        for own in list(shared.values()):
            if isinstance(own, Seen) and type(own) is not Seen:
                # It tells all that a plain one would.
                shared[Seen, own.n_classes] = own
        for metric in metrics:
            metric.hold(*(shared[own.kind] for own in metric.accumulators))
        super().__init__(metrics[0].n_classes, *dict.fromkeys(shared.values()))
        assert all(metric.n_classes == self.n_classes for metric in metrics)
        # They hold nothing but the accumulators, which are modules of this one already.
        self.metrics = tuple(metrics)

    def compute(self) -> Scores:
        """All scores, as of `Metric.compute`.

        Raises:
            ValueError: as of `Metric.compute`.
        """
        totals = {accumulator: accumulator.read() for accumulator in self._each}
        scores: Scores = {}
        for metric in self.metrics:
            own = metric.score(totals[metric.source])
            assert not scores.keys() & own.keys(), f"{type(metric).__name__} repeats a name"
            scores |= own
        return scores
