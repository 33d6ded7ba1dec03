"""Many metrics as one, sharing their state."""

from collections.abc import Iterable

from project.metrics._accumulators import Accumulator
from project.metrics._metric import Declared, Metric, Scores, Streaming


class Collection(Streaming):
    """Metrics updated together; those that need the same sums share them, updated once a batch.

    All see the view of the first.

    Args:
        metrics: of one number of classes.
        n_classes: that number, where there may be no metric.
    """

    def __init__(self, metrics: Iterable[Metric], n_classes: int = 0) -> None:
        metrics = list(metrics)
        shared: dict[tuple, Accumulator] = {}
        for own in (own for metric in metrics for own in metric.accumulators):
            shared.setdefault(own.kind, own)
        guards = {metric.guard for metric in metrics}
        for own in list(shared.values()):
            for guard in guards:
                if isinstance(own, guard) and type(own) is not guard:
                    # It tells all that a plain one would.
                    shared[guard, own.n_classes] = own
        for metric in metrics:
            metric.hold(*(shared[own.kind] for own in metric.accumulators))
        self.view = metrics[0].view if metrics else lambda *_: None
        n_classes = metrics[0].n_classes if metrics else n_classes
        super().__init__(n_classes, *dict.fromkeys(shared.values()))
        assert all(metric.n_classes == self.n_classes for metric in metrics)
        # They hold nothing but the accumulators, which are modules of this one already.
        self.metrics = tuple(metrics)

    def compute(self) -> Scores:
        """All scores, as of `Metric.compute`.

        Raises:
            ValueError: as of `Metric.compute`.
        """
        scores: Scores = {}
        for metric, own in self._computed():
            assert not scores.keys() & own.keys(), f"{type(metric).__name__} repeats a name"
            scores |= own
        return scores

    def declared(self) -> dict[str, Declared]:
        """What the metrics say of their scores before there are any, by name."""
        return {name: score for m in self.metrics for name, score in m.declared().items()}

    def _computed(self) -> list[tuple[Metric, Scores]]:
        totals = {accumulator: accumulator.read() for accumulator in self._each}
        return [(metric, metric.score(totals[metric.source])) for metric in self.metrics]
