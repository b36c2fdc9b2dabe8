# Each target is one line that calls a CLI. `make demo` and `make test` do everything on a fresh machine.
PYTHON ?= python3.11
RUN = .venv/bin/python -m autograder
ONE = $(if $(ASSIGNMENT),--assignment $(ASSIGNMENT))
GRADE = $(ONE) $(if $(WORKERS),--workers $(WORKERS)) $(if $(CLUSTER),--cluster $(CLUSTER)) $(if $(SANDBOX),--sandbox $(SANDBOX))

.PHONY: demo test setup release wheel lint mistakes lessons solutions bench collect grade regrade feedback report lock
.DEFAULT_GOAL := demo

demo: setup
	@$(RUN) demo $(ONE)
test:
	@$(PYTHON) autograder/bootstrap.py --tests && $(RUN) lint && .venv/bin/python -m pytest
setup:
	@$(PYTHON) autograder/bootstrap.py
release: setup
	@$(RUN) release $(ONE)
wheel: setup
	@$(RUN) wheel $(ONE)
lint: setup
	@$(RUN) lint $(ONE)
mistakes: setup
	@$(RUN) mistakes $(ONE)
lessons: setup
	@$(RUN) lessons $(ONE) $(if $(RECORD),--record)
solutions: setup
	@$(RUN) solutions $(ONE)
bench: setup
	@$(RUN) bench
collect: setup
	@$(RUN) collect $(ONE) $(if $(WORKSHEET),--worksheet $(WORKSHEET)) $(FILES)
grade: setup
	@$(RUN) grade $(GRADE)
regrade: setup
	@$(RUN) regrade $(GRADE) $(if $(WRITE),--write)
feedback: setup
	@$(RUN) feedback $(ONE)
report: setup
	@$(RUN) report $(ONE)
lock:
	@.venv/bin/pip-compile -q --allow-unsafe --no-header --strip-extras --no-emit-index-url --no-emit-find-links --no-emit-options --annotation-style line -o requirements.lock requirements.in && sed -i 's/+cpu\b//' requirements.lock
