"""Offline W&B runs with the points of the app's table: `python -m benchmarks.leet_runs FOLDER RUNS`."""

import sys

import wandb

from benchmarks.app_tables import EPOCHS
from tests.support.studies import STEPS


def main() -> None:
    folder, runs = sys.argv[1], int(sys.argv[2])
    for number in range(runs):
        run = wandb.init(dir=folder, mode="offline", project="study", name=f"run {number}")
        for step in range(EPOCHS * STEPS):
            values = {"train_loss": 1.5 / (1 + step)}
            if step % STEPS == 0:
                share = step / (EPOCHS * STEPS)
                values |= {
                    "test_acc": 0.73 + 0.1 * share,
                    "train_acc": 0.75 + 0.1 * share,
                    "kappa": 0.6 * share,
                }
            run.log(values, step=step)
        run.finish()


if __name__ == "__main__":
    main()
