"""Further metrics of an epoch: per class, referable, calibration, groups, val and train images."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

FLOATS = (
    "sensitivity_referable", "specificity_referable", "sensitivity_referable_at_93", "sensitivity_referable_at_98",
    "ece", "test_acc_seen_group", "test_acc_unseen_group",
    "val_acc", "val_balanced_acc", "val_kappa", "val_nll",
    "eval_train_acc", "eval_train_balanced_acc", "eval_train_kappa", "eval_train_nll",
)  # fmt: skip
INTEGERS = ("images_seen_group", "images_unseen_group")
LISTS = ("precision", "f1")


def upgrade() -> None:
    for names, kind in ((FLOATS, sa.Float()), (INTEGERS, sa.Integer()), (LISTS, sa.JSON())):
        for name in names:
            op.add_column("epoch_metrics", sa.Column(name, kind, nullable=True))


def downgrade() -> None:
    for name in FLOATS + INTEGERS + LISTS:
        op.drop_column("epoch_metrics", name)
