"""Rules for what makes a test accuracy untrue: leaks, groups in two splits, and epochs chosen on the test images."""

from engine.analysis.evidence import percent
from engine.analysis.findings.case import Case
from engine.analysis.findings.found import Found
from engine.analysis.findings.suggestion import choose_on_val
from engine.metrics.selection import is_optimistic


def leak(case: Case) -> Found | None:
    """Find val and test images that the first weights were trained on."""
    known = case.leak or {}
    images, groups = known.get("images") or 0, known.get("groups") or 0
    if not images and not groups:
        return None
    runs = ", ".join(f"#{run}" for run in known.get("from") or ())
    parts = [f"{images:,} val and test images"] if images else []
    parts += [f"{groups:,} of their groups"] if groups else []
    by = f" (by run {runs})" if runs else ""
    return Found(
        [
            f"first weights were trained on {' and '.join(parts)}{by}; "
            f"{known.get('test_images') or 0:,} test images are known: test accuracy is too high"
        ]
    )


def seen_groups(case: Case) -> Found | None:
    """Find test images with a member of their group in train."""
    latest = case.latest
    seen = latest.images_seen_group or 0
    if not seen:
        return None
    images = seen + (latest.images_unseen_group or 0)
    apart = [
        f"{percent(accuracy)} on {which}"
        for which, accuracy in (
            ("them", latest.test_acc_seen_group),
            ("the others", latest.test_acc_unseen_group),
        )
        if accuracy is not None
    ]
    text = f"{seen:,} of {images:,} test images have a member of their group in train"
    return Found([f"{text}: {', '.join(apart)}" if apart else text])


def chosen_on_test(case: Case) -> Found | None:
    """Find a best epoch that the test images chose, which also measure it."""
    epochs = len(case.epochs)
    if not is_optimistic(case.spec.select_on, case.spec.epochs):
        return None
    return Found(
        [
            f"{case.spec.select_on} chooses the best of {epochs:,} epoch{'s' * (epochs != 1)} on the images that "
            "measure it: optimistic"
        ],
        None,
        choose_on_val(case.spec),
    )
