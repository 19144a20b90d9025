# Two commands do everything: `make run` and `make test`. They need Python 3.11 or later, and nothing else.
PYTHON ?= python3
LOCAL = @$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	echo "Frontdesk needs Python 3.11 or later, and $(PYTHON) is none. Install it, or name it: make PYTHON=python3.12 $@"; \
	exit 1; }; exec $(PYTHON) -m local

.PHONY: help run test browser screenshots check manage lock clean

help:
	@echo "make run                 serve on http://127.0.0.1:8000 (PORT=… for another)"
	@echo "make test [ARGS=…]       all tests, or those that pytest selects by ARGS"
	@echo "make browser             the tests that need Chromium, which \`make test\` leaves out where there is none"
	@echo "make screenshots         pictures of the staff's pages into .screenshots, in both widths and each language"
	@echo "make check               lint, types, architecture, migrations, deployment, OpenAPI and all tests"
	@echo "make manage ARGS=…       a command of manage.py, beside a running service or without"
	@echo "make lock                new versions into the requirement files"
	@echo "make clean               remove the virtual environment and caches; data stay"

run:
	$(LOCAL) run

test:
	$(LOCAL) test $(ARGS)

browser:
	$(LOCAL) browser $(ARGS)

screenshots:
	$(LOCAL) screenshots

check:
	$(LOCAL) check

manage:
	$(LOCAL) manage $(ARGS)

lock:
	$(LOCAL) lock

clean:
	rm -rf .venv .venv.lock .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
