"""What holds for every metric, those of files added later included."""

import numpy as np
import pytest
import torch

from project.metrics import Collection, classification, families

FAMILIES = pytest.mark.parametrize("family", families(), ids=lambda family: family.__name__)


@FAMILIES
@pytest.mark.parametrize("n_classes, seed", [(2, 0), (3, 1), (10, 2)])
def test_batches_of_any_size_give_what_all_samples_at_once_give(
    family, n_classes, seed, draw, updated, assert_same
):
    samples = draw(700, n_classes, seed)
    streamed = updated(family(n_classes), samples.batches(seed))
    assert_same(streamed.compute(), updated(family(n_classes), [samples]).compute())


@FAMILIES
def test_a_caller_may_write_into_its_batch_again(family, draw, updated, assert_same):
    samples = draw(96, 5)
    logits, targets = torch.empty(32, 5), torch.empty(32, dtype=torch.int64)
    metric = family(5)
    for start in (0, 32, 64):
        metric.update(
            logits.copy_(samples.logits[start:][:32]), targets.copy_(samples.targets[start:][:32])
        )
    assert_same(metric.compute(), updated(family(5), [samples]).compute())


@FAMILIES
def test_many_thousand_samples_in_small_batches(family, draw, updated, assert_same):
    samples = draw(40_001, 3)
    streamed = updated(family(3), zip(samples.logits.split(100), samples.targets.split(100)))
    assert_same(streamed.compute(), updated(family(3), [samples]).compute())


@FAMILIES
def test_a_score_is_a_float_an_array_per_class_or_a_figure(family, draw, updated):
    for name, value in updated(family(7), [draw(100, 7)]).compute().items():
        if isinstance(value, np.ndarray):
            assert value.shape == (7,) or value.ndim == 2, name
        else:
            assert type(value) is float, name


@FAMILIES
def test_the_state_neither_grows_nor_reaches_checkpoints(family, draw, updated):
    metric, samples = family(5), draw(300, 5)

    def sizes():
        return [s.numel() for a in metric.accumulators for s in a.sums.values()]

    before = sizes()
    updated(metric, samples.batches(0)).compute()
    assert sizes() == before
    assert not metric.state_dict() and not list(metric.buffers()) and not list(metric.parameters())


@pytest.mark.parametrize("n_classes", [2, 10, 64, 65, 100, 1000])
def test_the_state_of_all_metrics_stays_below_80_mib(n_classes):
    metric = classification(n_classes)
    n_bytes = sum(s.nbytes for a in metric.accumulators for s in a.sums.values())
    # The histograms take 64 MiB at most, the confusion matrix of 1000 classes 8 bytes x 10^6.
    assert n_bytes <= 80 * 2**20


@FAMILIES
def test_no_samples_is_an_error_before_any_update_and_after_a_reset(family, draw, updated):
    metric = family(4)
    for _ in range(2):
        with pytest.raises(ValueError, match="^no samples: .*empty"):
            metric.compute()
        updated(metric, [draw(0, 4)])
        with pytest.raises(ValueError, match="^no samples"):
            metric.compute()
        updated(metric, [draw(20, 4)]).reset()


@FAMILIES
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16, torch.float64])
@pytest.mark.parametrize("row", [[np.nan, 0, 0], [np.inf, 0, 0], [-np.inf] * 3, [np.nan] * 3])
def test_logits_without_a_softmax_are_counted_in_an_error(
    family, dtype, row, draw, updated, assert_same
):
    samples = draw(50, 3)
    samples.logits[[7, 20]] = torch.tensor(row, dtype=torch.float32)
    metric = updated(family(3), [(logits.to(dtype), t) for logits, t in samples.batches(1)])
    with pytest.raises(ValueError, match="^the logits of 2 of 50 samples are NaN or infinite"):
        metric.compute()
    metric.reset()
    assert_same(
        updated(metric, [draw(50, 3)]).compute(), updated(family(3), [draw(50, 3)]).compute()
    )


@FAMILIES
def test_targets_out_of_range_are_counted_in_an_error(family, draw, updated):
    samples = draw(50, 3)
    # A NaN becomes the least of int64, whose product with an even number is 0.
    samples.targets[[1, 2, 30, 49]] = torch.tensor([-1, 3, torch.iinfo(torch.int64).min, 2**40])
    with pytest.raises(ValueError, match=r"^the targets of 4 of 50 samples lie outside 0\.\.2"):
        updated(family(3), samples.batches(0)).compute()


@FAMILIES
def test_shapes_and_dtypes_are_refused_at_once(family, draw):
    logits, targets = draw(8, 3)
    for bad, reason in [
        ((logits[:, :2], targets), "2 columns, the metric has n_classes=3"),
        ((logits[0], targets), r"shape \(3,\)"),
        ((logits, targets[:7]), r"shape \(7,\)"),
        ((logits, targets.float()), "torch.float32"),
        ((logits.long(), targets), "floating"),
    ]:
        with pytest.raises(ValueError, match=reason):
            family(3).update(*bad)
    with pytest.raises(ValueError, match="n_classes is 1"):
        family(1)


@FAMILIES
def test_classes_masked_with_minus_infinity_are_never_predicted(family, draw, updated, assert_same):
    samples = draw(200, 4, absent=(3,))
    masked = samples._replace(logits=samples.logits.clone())
    masked.logits[:, 3] = -torch.inf
    far = samples._replace(logits=samples.logits.clone())
    far.logits[:, 3] = -1e30
    assert_same(updated(family(4), [masked]).compute(), updated(family(4), [far]).compute())


@FAMILIES
@pytest.mark.parametrize("targets, preds", [([2], [2]), ([2], [1]), ([0, 0, 1], [3, 3, 3])])
def test_few_samples_and_absent_classes_give_defined_values_without_a_warning(
    family, targets, preds, updated
):
    logits = torch.nn.functional.one_hot(torch.tensor(preds), 7).float()
    metric = updated(family(7), [(logits, torch.tensor(targets))])
    for value in metric.compute().values():
        assert not np.isinf(value).any()


@FAMILIES
def test_one_sample_of_each_of_many_classes_gives_no_warning(family, updated):
    logits = torch.eye(40)
    assert updated(family(40), [(logits, torch.arange(40))]).compute() is not None


@FAMILIES
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_logits_of_any_precision_are_measured_as_the_numbers_they_are(
    family, dtype, draw, updated, assert_same
):
    samples = draw(300, 5)
    rounded = samples.logits.to(dtype)
    scores = updated(family(5), [(rounded, samples.targets)]).compute()
    assert_same(scores, updated(family(5), [(rounded.float(), samples.targets)]).compute())


@FAMILIES
def test_logits_are_left_as_they_are_and_get_no_gradient(family, draw, updated):
    samples = draw(30, 5)
    logits = samples.logits.double().requires_grad_()
    before = logits.detach().clone()
    updated(family(5), [(logits, samples.targets)]).compute()
    assert torch.equal(logits, before) and logits.grad is None


@FAMILIES
def test_update_never_waits_for_the_device(family):
    # A meta tensor has no values: whatever reads one back raises.
    metric = family(10).to("meta")
    for n in (8, 30_000):  # some that wait for more, and so many that nothing waits
        logits = torch.empty(n, 10, device="meta")
        metric.update(logits, torch.empty(n, dtype=int, device="meta"))


@FAMILIES
def test_inference_mode_may_begin_and_end_between_updates(family, draw, updated, assert_same):
    samples = draw(90, 5)
    metric = family(5)
    with torch.inference_mode():
        updated(metric, [draw(11, 5)]).reset()
        updated(metric, [samples]).compute()
    metric.reset()
    updated(metric, [samples])
    assert_same(metric.compute(), updated(family(5), [samples]).compute())


@FAMILIES
def test_a_models_half_does_not_round_the_sums(family, draw, updated, assert_same):
    samples = draw(90, 5)
    metric = updated(family(5), [samples])
    torch.nn.Sequential(metric).half()
    assert_same(metric.compute(), updated(family(5), [samples]).compute())


@FAMILIES
def test_reduce_alone_changes_nothing(family, draw, updated, assert_same):
    samples = draw(90, 5)
    metric = updated(family(5), [samples])
    before = metric.compute()
    metric.reduce()
    metric.reduce()
    assert_same(metric.compute(), before)


@FAMILIES
def test_the_better_values_are_those_of_better_predictions(family, updated):
    """Right and sure predictions beside wrong ones, which are as sure."""
    targets = torch.arange(7).repeat(10)
    good = updated(family(7), [(8 * torch.eye(7)[targets], targets)]).compute()
    bad = updated(family(7), [(8 * torch.eye(7)[(targets + 1) % 7], targets)]).compute()
    declared = Collection([family(7)]).declared()
    assert declared.keys() == {name for name, value in good.items() if np.ndim(value) < 2}
    assert family.less_is_better | family.neither_is_better <= declared.keys()
    for name, (better, of_classes) in declared.items():
        assert of_classes == (np.ndim(good[name]) == 1)
        if better is not None:
            assert np.all(good[name] < bad[name] if better == "min" else good[name] > bad[name])
