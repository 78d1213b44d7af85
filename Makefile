# make demo    a college, four student desktops and the tutor's window      make test    everything, with what it needs
# make check   ruff, mypy --strict, layers                                   make venv    only the environment
# make bench   what it costs and how quick it is: make bench ARGS="wall focus"; benchmarks/README.md
PYTHON ?= python3.11
VENV   := .venv
BIN    := $(VENV)/bin
ARGS   ?=

.PHONY: demo test check bench venv system lock format clean

demo: venv system
	$(BIN)/lessonlight-demo $(ARGS)

test: venv system
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder $(ARGS)

check: venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_layers.py

bench: venv system
	$(BIN)/python -m benchmarks $(ARGS)

# After changing the dependencies in pyproject.toml. uv is not needed for anything else.
lock:
	$(PYTHON) -m venv $(VENV)-lock && $(VENV)-lock/bin/pip install --quiet uv
	$(VENV)-lock/bin/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --extra dev --python-version 3.11 pyproject.toml --output-file requirements.new
	{ head -1 requirements.txt; cat requirements.new; } > requirements.tmp && mv requirements.tmp requirements.txt
	rm -rf requirements.new $(VENV)-lock

format: venv
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

venv: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml requirements.txt
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or newer is needed; e.g.: make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --require-hashes --requirement requirements.txt
	$(BIN)/pip install --quiet --no-deps --editable .
	touch $@

# Asks dpkg first, so that the second run costs nothing and needs no rights.
system:
	@missing=$$(for p in $$(grep -v '^#' resources/debian/packages.txt); do dpkg-query -W -f '$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || printf '%s ' $$p; done); \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ]; then run=; elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then run=sudo; \
	else echo "Debian packages are missing. Run this once, then make again:"; echo "  sudo apt-get install --no-install-recommends $$missing"; exit 1; fi; \
	$$run apt-get update -qq && $$run env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing

clean:
	rm -rf $(VENV) build *.egg-info
