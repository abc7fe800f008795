# resnet-tui: `make demo` and `make test` are all a new machine needs.
#   make install TORCH_VERSION=2.6.0 TORCH_INDEX=URL   another torch than the pinned one (older driver or card)
PY := .venv/bin/python
.DEFAULT_GOAL := help
.PHONY: help install demo test check format lint types contracts bench soak screenshots clean
export TORCH_VERSION TORCH_INDEX PYTHON
# Else each of the tests' processes compiles all of them anew.
unexport PYTHONDONTWRITEBYTECODE

help:            ## this list
	@grep -hE '^[a-z]+: .*##' $(MAKEFILE_LIST) | sed -E 's/: .*## /\t/' | expand -t 16

install:         ## .venv with everything at the pins, development tools included
	@.ci/install

demo: install    ## the study on drawn and built-in images: in a terminal with the app, else printing progress
	@.venv/bin/resnet-tui demo

test: install    ## the tests
	@$(PY) -m pytest -q -n auto --dist worksteal

check: install format lint types contracts test   ## what continuous integration runs

format: install  ## is the code formatted?
	@$(PY) -m ruff format --check .

lint: install    ## ruff's rules
	@$(PY) -m ruff check .

types: install   ## mypy, strict, over engine, tui and benchmarks
	@$(PY) -m mypy

contracts: install  ## which room may import which
	@.venv/bin/lint-imports

bench: install   ## the measurements of docs/benchmarks.md
	@$(PY) -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[bench]'
	@$(PY) -m benchmarks

soak: install    ## long tests: the queue's model, recipes that are stopped, a crowd, layouts of data, kills, Slurm's time limit and preemption, hosts cut off (root), damaged images, power cuts, a packed set larger than its memory (root), many simulated workers
	@RESNET_TUI_MODEL_EXAMPLES=2000 $(PY) -m pytest -q tests/engine/store/test_queue_model.py --timeout 1800
	@RESNET_TUI_RECIPE_EXAMPLES=300 $(PY) -m pytest -q tests/engine/training/test_recipes.py --timeout 1800
	@RESNET_TUI_CROWD_S=60 $(PY) -m pytest -q -s tests/engine/store/test_crowd.py
	@RESNET_TUI_LAYOUT_EXAMPLES=10000 $(PY) -m pytest -q -s tests/engine/datasets/test_layout_kinds.py --timeout 1800
	@RESNET_TUI_LONG=1 $(PY) -m pytest -q tests/engine/cluster/test_slurm_jobs.py tests/engine/training/test_group.py tests/engine/worker/test_hosts_cut_off.py
	@RESNET_TUI_RESTARTS=5 RESNET_TUI_RESTART_WORKERS=4 $(PY) -m pytest -q tests/engine/worker/test_postgres_restarts.py --timeout 1800
	@$(PY) -m benchmarks kill_loop damage outages old_home beyond_memory scale

screenshots: install  ## the pictures in docs/
	@$(PY) -m docs.screenshots

clean:           ## caches of the development tools
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
