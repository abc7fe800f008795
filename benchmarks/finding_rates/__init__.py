"""Error rates of the findings: many small real runs, judged against images that no run saw.

    OMP_NUM_THREADS=1 python -m benchmarks.finding_rates train --phase development --runs 104 --out DIR
    OMP_NUM_THREADS=1 python -m benchmarks.finding_rates train --phase measurement --runs 325 --out DIR
    python -m benchmarks.finding_rates report --phase measurement --out DIR

`train` fetches Debian's package dataset-fashion-mnist into DIR by apt-get where it is not there (31 MB). It keeps all
that a rule may need of each run (`record.py`), so that changed rules are judged again without training anew. The two
phases share no seed, no drawn eye, no photograph, and no image that the truth is told from. The rules are set on the
development runs, and frozen by a commit before a measurement run is judged. The truths (`truths.py`) were written down
before any run was trained.
"""
