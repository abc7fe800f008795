"""Options of jobs, as a user gives them."""

import pytest

from engine.cluster.errors import ClusterError
from engine.cluster.options import minutes_of, parse_options


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("90", 90), ("10:01", 11), ("4:00:00", 240), ("1-12", 2160), ("1-12:30", 2190), ("2-00:00:01", 2881)],
)
def test_a_time_is_read_as_sbatch_reads_it(text: str, minutes: int) -> None:
    assert minutes_of(text) == minutes


def test_options_go_on_to_sbatch() -> None:
    found = parse_options(
        ["partition=gpu", "--gres=gpu:1", "count=8", "time=4:00:00", "exclusive", "job_name=a b"]
    )
    assert (found.minutes, found.count) == (240, 8)
    assert found.sbatch == {"partition": "gpu", "gres": "gpu:1", "exclusive": True, "job-name": "a b"}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ([], "give a time limit"),
        (["time=soon"], "give a time limit"),
        (["time=1-2-3"], "give a time limit"),
        (["time=1:2:3:4"], "give a time limit"),
        (["time=2"], "no longer than the warning of 120 s"),
        (["time=60", "count=0"], "count=0 must be a number"),
        (["time=60", "count=many"], "count=many must be a number"),
        (["time=60", "Gres=1"], "is no option of sbatch"),
        (["time=60", "gres="], "is no option of sbatch"),
        (["time=60", "comment=a\n#SBATCH --uid=0"], "is no option of sbatch"),
        (["time=60", "gres=gpu:1", "gres=gpu:2"], "gres is given twice"),
        (["time=60", "array=0-7"], "count=N"),
        (["time=60", "signal=USR1@60"], "--warn"),
        (["time=60", "nodes=2"], "count=N"),
        (["time=60", "p=gpu"], "is no option of sbatch"),
        (["time=60", "parsable"], "would not name the jobs"),
        (["time=60", "--quiet"], "would not name the jobs"),
        (["time=60", "test_only"], "would not name the jobs"),
        (["time=60", "clusters=b"], "this host's cluster"),
        (["time=60", "wait"], "returns once Slurm has the jobs"),
    ],
)
def test_what_would_not_work_is_refused_in_one_line(given: list[str], says: str) -> None:
    with pytest.raises(ClusterError, match=says) as refused:
        parse_options(given)
    assert "\n" not in str(refused.value)
