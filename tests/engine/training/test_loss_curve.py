"""Buckets of the loss curve."""

import pytest

from engine.training.loss_curve import Diverged, LossBuckets


def test_extended_runs_keep_their_bucket_width() -> None:
    buckets = LossBuckets(total_steps=5_000)
    buckets.add(0, [1.0] * 5_000)
    longer = LossBuckets(total_steps=50_000)
    longer.load(buckets.state())
    assert longer.width == 3
    (bucket, *_) = longer.add(5_000, [2.0])
    assert (bucket.number, bucket.count, bucket.maximum) == (1_666, 3, 2.0)


def test_loss_buckets_keep_spikes_and_their_number_is_bounded() -> None:
    buckets = LossBuckets(total_steps=5_000)
    assert buckets.width == 3
    losses = [1.0] * 5_000
    losses[1_234] = 99.0
    kept = {bucket.number: bucket for bucket in buckets.add(0, losses)}
    assert len(kept) == 1667 and kept[1_234 // 3].maximum == 99.0
    assert kept[0].mean == 1.0 and kept[0].count == 3
    with pytest.raises(Diverged, match="step 8"):
        buckets.add(6, [1.0, float("nan")])
