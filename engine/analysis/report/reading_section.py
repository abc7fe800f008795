"""Appendix: how to read the numbers."""

from engine.analysis.report.blocks import Bullets, Section, Text, code, section, strong, text
from engine.spec.constants import EVALUATED_TRAIN_IMAGES

ITEMS: tuple[Text, ...] = (
    text(
        strong("Best epoch"), ": chosen by the run's ", code("select_on"), ". Where that is a metric of the test set "
        "(epoch chosen on the test set), the same images choose the epoch and measure it, so its numbers are "
        "optimistic. The accuracy of the last epoch does not have this bias, unless ", code("patience"),
        " ended the run by such a metric.",
    ),
    text(
        strong("95 % interval"), ": Wilson's interval for a share of that many images. Where images come in groups "
        "(patients) and the predictions are kept, it is that of as many independent images as the groups are worth; "
        "else the images are taken as independent. It does not cover the choice of the epoch or the variance between "
        "seeds: each row is one run.",
    ),
    text(
        strong("Baseline"), ": accuracy of the always-one-class predictor, which predicts the most frequent class of "
        "the test images. Differences from it are in percentage points.",
    ),
    text(
        strong("Balanced accuracy"), " is the mean of the recalls of all classes. ", strong("Kappa"), " is the "
        "quadratic weighted kappa, which treats the classes as ordered grades: 0 is chance, 1 is perfect. It means "
        "little where classes have no order. Both are of the best epoch.",
    ),
    text(
        strong("AUC"), " is the probability that an image of a class gets a higher score for that class than an image "
        "of another, averaged over the classes. ", strong("Matthews correlation"), " and ",
        strong("Cohen's kappa, unweighted"), " measure agreement beyond chance for classes without order: 0 is chance, "
        "1 is perfect.",
    ),
    text(
        strong("Referable"), " means the third class or a worse one, where classes are ordered grades (grade 2 or more "
        "of 0 to 4): ranked by their probability, or by the predicted grade where the network has a single output. ",
        strong("Calibration error"), ": mean gap between confidence and accuracy over 15 bins of equal width.",
    ),
    text(
        strong("Train accuracy (running average)"), " is measured on the epoch's augmented batches while the network "
        "changes; it may be below the test accuracy. ", strong("Train accuracy (evaluated)"), " is that of the "
        "finished network on train images, in evaluation mode and without augmentation: on all with ",
        code("eval_train"), f", else on {EVALUATED_TRAIN_IMAGES:,} of them.",
    ),
    text(
        strong("Finding"), ": the gravest of what is wrong with a run, judged from the network's predictions, not "
        "from accuracy alone; all findings stand in the discussion.",
    ),
    text("– marks a value that is undefined or was not measured."),
)  # fmt: skip


def reading_section() -> Section:
    return section("Appendix: how to read the numbers", "reading", Bullets(ITEMS))
