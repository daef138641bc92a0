# fio-c2c: see README.md. `make demo` and `make check` are the two commands; the others are their parts.
#
# TLS=bundled (default) builds libcurl from source on rustls; TLS=system uses the system's libcurl.

TLS ?= bundled
CARGO ?= cargo
CC ?= cc
PYTHON ?= python3
VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)
SOVERSION := 0

TARGET_DIR := $(CURDIR)/target
BUILD := $(CURDIR)/build
OUT := $(BUILD)/$(TLS)
FEATURES_bundled := --features bundled
FEATURES_system := --no-default-features --features system
EMULATOR := $(TARGET_DIR)/release/fio-emulator
SOURCES := $(shell find src -name '*.rs') build.rs cbindgen.toml Cargo.toml Cargo.lock

# What a static link against the library needs besides itself.
STATIC_LIBS_bundled := -lpthread -ldl -lm -lgcc_s
STATIC_LIBS_system := -lcurl -lpthread -ldl -lm -lgcc_s

CFLAGS ?= -O2 -g
WARNINGS := -std=c99 -Wall -Wextra -Wpedantic -Werror
EXAMPLES := pair camera event_loop

.PHONY: all lib emulator examples demo check header bench clean

all: lib examples

lib: $(OUT)/libfio_c2c.so $(OUT)/libfio_c2c.a

# One compilation makes both libraries; an rlib beside them would switch link-time optimisation off.
$(OUT)/libfio_c2c.so.$(VERSION): $(SOURCES)
	$(CARGO) rustc --release --lib --crate-type cdylib,staticlib $(FEATURES_$(TLS)) \
		--target-dir $(TARGET_DIR)/$(TLS) -- --cfg fio_c_library \
		-C link-arg=-Wl,-soname,libfio_c2c.so.$(SOVERSION) -C link-arg=-Wl,-z,nodelete -C link-arg=-Wl,-z,now
	mkdir -p $(OUT)
	cp $(TARGET_DIR)/$(TLS)/release/libfio_c2c.a $(OUT)/libfio_c2c.a
	cp $(TARGET_DIR)/$(TLS)/release/libfio_c2c.so $@
	strip --strip-unneeded $@

$(OUT)/libfio_c2c.a: $(OUT)/libfio_c2c.so.$(VERSION)

$(OUT)/libfio_c2c.so: $(OUT)/libfio_c2c.so.$(VERSION)
	ln -sf libfio_c2c.so.$(VERSION) $(OUT)/libfio_c2c.so.$(SOVERSION)
	ln -sf libfio_c2c.so.$(SOVERSION) $@

emulator: $(EMULATOR)

$(EMULATOR): $(shell find tests/emulator/src -name '*.rs') tests/emulator/Cargo.toml Cargo.lock
	$(CARGO) build --release -p fio-emulator

examples: $(EXAMPLES:%=$(OUT)/%)

$(OUT)/%: examples-c/%.c $(wildcard examples-c/*.h) include/fio_c2c.h $(OUT)/libfio_c2c.so
	$(CC) $(WARNINGS) $(CFLAGS) -Iinclude $< -o $@ -L$(OUT) -lfio_c2c -Wl,-rpath,'$$ORIGIN'

# PERSON=me leaves the decision to you; ADDRESS, this computer's in the network, lets a phone scan the QR.
demo: lib emulator examples
	@$(PYTHON) tests/demo/demo.py --examples $(OUT) $(PERSON:%=--person %) $(ADDRESS:%=--address %)

# Every test. What needs a package that is not installed is skipped aloud and counted; with
# FIO_NO_SKIPS=1 a skip is a failure. ONLY="word word" runs the steps whose names contain a word.
check:
	@$(PYTHON) -B tests/check.py $(ONLY)

# The header is made by build.rs; this commits it.
header:
	$(CARGO) build --lib
	cp "$$(ls -t $(TARGET_DIR)/debug/build/fio-c2c-*/out/fio_c2c.h | head -1)" include/fio_c2c.h

clean:
	rm -rf $(BUILD) $(TARGET_DIR)
