# The other versions of MicroPython that the portable VM is tested on: npm's, of WebAssembly, which run under Node. The
# versions and their hashes are pinned in host_tests/node/package-lock.json.

DOCS =
unexport DOCS

NODE_READY = build/.system-versions
VERSIONS_READY = build/versions/.ready
VERSIONS_PINNED = host_tests/node/package.json host_tests/node/package-lock.json
FOR_VERSIONS = $(VENV_READY) $(VERSIONS_READY) $(LIBRARY) build/native/libember.so
VERSIONS_FOUND = build/versions/results.xml

.PHONY: test-versions

test-versions: $(FOR_VERSIONS) ## run on MicroPython 1.23 to 1.29 and CPython 3.9 to 3.13, portable VM: [DOCS=1]
	@code=0; $(RUN) -m pytest -n auto --dist loadgroup host_tests/boards/test_versions.py --junitxml $(VERSIONS_FOUND) $(ARGS) \
		|| code=$$?; \
		$(RUN) tools/versions.py $(if $(DOCS),--write) && exit $$code

$(NODE_READY): tools/setup_system.py
	@mkdir -p $(@D)
	@$(PYTHON) tools/setup_system.py versions
	@touch $@

# npm compares each package with its hash. Its downloads stay through `make clean`.
$(VERSIONS_READY): $(VERSIONS_PINNED) | $(NODE_READY)
	@mkdir -p $(@D)
	@cp $(VERSIONS_PINNED) $(@D)
	$(STEP) versions "Getting MicroPython 1.23 to 1.29 of WebAssembly (4 MB)." \
		npm ci --prefix $(@D) --cache $(abspath build/download/npm) --prefer-offline --no-audit --no-fund
	@touch $@
