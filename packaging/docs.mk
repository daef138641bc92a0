# `make docs`: the manual as HTML, in build/docs/html. Needs Doxygen (Debian 12: doxygen, 1.9.4); libraries that
# are built are in its table of sizes.

.PHONY: docs

docs:
	@$(PYTHON) -B docs/generator/build.py --version $(VERSION) --output $(BUILD)/docs --build $(BUILD)
	@echo "$(BUILD)/docs/html/index.html"
