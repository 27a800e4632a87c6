# Everything here makes its own set-up: a virtual environment in .venv, once. Only Python >= 3.11 is needed.

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# One more than there are cores: tests on real sockets and ptys mostly wait, and others compute meanwhile. With more,
# each computes so much slower that nothing is won.
WORKERS ?= $(shell expr $$(nproc 2>/dev/null || echo 2) + 1)
# One test at a time to whoever is free: the long ones begin first, and nobody waits for a queue of another's.
SPREAD := -n $(WORKERS) --dist load --maxschedchunk 1
# Bytecode is kept, or every worker and every daemon of a test would compile the project again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo run test test-tall campaign lint types bench bench-dispatch setup clean
.PHONY: campaign-mailbox campaign-master campaign-daemon campaign-slaves campaign-unknown campaign-power campaign-sigkill campaign-ablations campaign-determinism campaign-planner campaign-release campaign-coverage campaign-study

help:
	@echo "make demo    a 42-bay tower at work: software PLCs, the daemon, a day's orders (two minutes)"
	@echo "make run     the same tower, staying up for your own commands"
	@echo "make test    every test (a few minutes)"
	@echo "make test-tall  what is not about a certain tower, on a tower of 396 bays (a quarter of an hour)"
	@echo "make campaign  the whole matrices of what the tests show by samples (half an hour)"
	@echo "  campaign-mailbox -master -daemon -slaves -unknown -power -sigkill -ablations -determinism -study -planner: one of them, with its figures"
	@echo "make campaign-release  15,000 seeds of a quarter of an hour (hours; goes on where it was left)"
	@echo "make campaign-coverage  six hundred seeds whose faults are aimed at rare moments (half an hour)"
	@echo "make bench-dispatch  dispatch rules beside each other and beside what none can beat (minutes; DAYS=200: an hour)"
	@echo "make lint    ruff;  make types  mypy --strict;  make bench  figures"
	@echo "make clean   removes the environment and what runs and builds have left"

demo: $(READY)
	@$(BIN)/cartower-sim demo

run: $(READY)
	@$(BIN)/cartower-sim demo --stay

test: $(READY)
	@$(BIN)/python -m pytest $(SPREAD) -q

test-tall: $(READY)
	@$(BIN)/python -m pytest $(SPREAD) -q --shape autostadt tests/contract tests/scenario tests/fault

campaign: $(READY)
	@$(BIN)/python -m pytest $(SPREAD) -q -m campaign

# One at a time, with what each prints: executed, refused, lost, killed.
CAMPAIGN_mailbox := tests/contract/test_mailbox_million.py
CAMPAIGN_master := tests/fault/test_hostile_master.py
CAMPAIGN_daemon := tests/fault/test_permissive_plc.py
CAMPAIGN_slaves := tests/fault/test_hostile_slave.py tests/fault/test_hostile_slave_pty.py
CAMPAIGN_unknown := tests/fault/test_unknown_outcome.py
CAMPAIGN_power := tests/fault/test_power_cuts.py
CAMPAIGN_sigkill := tests/fault/test_sigkill_300.py
CAMPAIGN_ablations := tests/fault/test_ablations.py
CAMPAIGN_determinism := tests/scenario/test_determinism.py
CAMPAIGN_study := tests/scenario/test_study_agrees.py
CAMPAIGN_planner := tests/unit/domain/dispatch/test_planner_solver.py tests/unit/domain/dispatch/test_planner_optimum.py
CAMPAIGNS := mailbox master daemon slaves unknown power sigkill ablations determinism study planner

$(CAMPAIGNS:%=campaign-%): campaign-%: $(READY)
	@$(BIN)/python -m pytest $(SPREAD) -q -rP -m campaign $(CAMPAIGN_$*)

# Fifteen thousand seeds, two at a time: hours. Left, it goes on where it was.
campaign-release: $(READY)
	@$(BIN)/cartower-sim campaign --tower small --seeds 0..14999 --jobs 2

# Every seed aims its faults: the table of what they struck into fills in six hundred.
campaign-coverage: $(READY)
	@$(BIN)/cartower-sim campaign --tower small --aimed --seeds 0..599 --jobs 2 --out .run/coverage-small

lint: $(READY)
	@$(BIN)/ruff check .

types: $(READY)
	@$(BIN)/mypy

bench: $(READY)
	@for file in tests/bench/*.py; do \
		name=$$(basename "$$file" .py); [ "$$name" = __init__ ] && continue; \
		echo "== tests.bench.$$name"; $(BIN)/python -m "tests.bench.$$name" || exit 1; done

# Common days for all rules. The release's figures are of DAYS=200.
DAYS ?= 20
bench-dispatch: $(READY)
	@$(BIN)/python -m tests.bench.dispatch --days $(DAYS)

setup: $(READY)
	@:

# The stamp is older than pyproject.toml when dependencies change, so that the set-up runs again.
$(READY): pyproject.toml
	@python=; for one in python3.13 python3.12 python3.11 python3; do \
		if "$$one" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			python=$$one; break; fi; done; \
	if [ -z "$$python" ]; then echo "cartower needs Python 3.11 or newer, with venv" >&2; exit 1; fi; \
	echo "Setting up $(VENV) with $$($$python --version), once: about a minute ..."; \
	[ -x $(BIN)/python ] || "$$python" -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV) build dist .run .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
