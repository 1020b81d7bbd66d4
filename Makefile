# The few words of this repository: each does its own set-up first.
PYTHON ?= python3

.PHONY: demo test check fix bench torture mutation image lock
.DEFAULT_GOAL := demo

demo: .venv/.run ## a simulated pair of sites and the exporter, on http://127.0.0.1:10843
	@exec .venv/bin/vr-exporter demo

test: .venv/.dev ## everything that decides whether a change is good
	@.ci/checks
	@.venv/bin/python -m tests.tools
	@PYTHONHASHSEED=0 .venv/bin/pytest -q -n auto --maxprocesses 4 --dist loadgroup

check: .venv/.dev ## the quick part: format, lint, types, imports, documents
	@.ci/checks
	@.venv/bin/pytest -q tests/documentation tests/deployment

fix: .venv/.dev ## format, and mend what the linter can
	@.venv/bin/ruff check -q --fix .
	@.venv/bin/ruff format -q .

bench: .venv/.dev ## speed and memory against named peers, in the same run; ends badly below a floor
	@.venv/bin/python -m tests.tools
	@.venv/bin/python -m benchmarks.peers
	@.venv/bin/python -m benchmarks --json benchmarks/history.jsonl

mutation: .venv/.dev ## break the code in small ways and see the tests notice; ends badly below 90 % of an area
	@.venv/bin/python -m tests.mutation --page docs/mutants.md

torture: .venv/.dev ## what takes long, under an hour: kills, faults, attacks, fuzz; writes docs/evidence.md
	@.venv/bin/python -m tests.tools
	@.venv/bin/python -m benchmarks.peers
	@.venv/bin/python -m tests.torture --evidence docs/evidence.md

image: ## the container image, by docker, podman or buildah
	@.ci/image

lock: .venv/.dev ## the newest versions that pyproject.toml allows, each with its hashes
	@.ci/lock

.venv/.run: requirements.lock requirements-build.lock pyproject.toml
	@PYTHON=$(PYTHON) .ci/environment run

.venv/.dev: requirements-dev.lock pyproject.toml
	@PYTHON=$(PYTHON) .ci/environment dev
