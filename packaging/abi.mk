# The guard of the binary interface: docs/abi.md has the promise, tests/abi what compares.
#
# ABI_TARGETS="triple=compiler triple=compiler" checks other processors than x86_64 and armv7. Cargo compiles into
# ABI_DIR, with debug information.

ABI_DIR := $(TARGET_DIR)/abi
ABI := CARGO="$(CARGO)" FIO_ABI_DIR="$(ABI_DIR)" FIO_ABI_TARGETS="$(ABI_TARGETS)" $(PYTHON) -B tests/abi/guard.py

.PHONY: abi-check abi-baseline

# Says what would break a program in the field, and why.
abi-check:
	@$(ABI) check

# Makes the header as it is now the promise: for what is new, or when a break is meant.
abi-baseline:
	@$(ABI) baseline
