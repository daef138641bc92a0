# fio-c2c: see README.md. `make demo` and `make check` are the two commands; the others are their parts.
#
# TLS=bundled (default) builds libcurl from source on rustls; TLS=system uses the system's libcurl.
# UPLOADS=no leaves fio_upload_*, fio_queue_* and fio_comment out, for devices that only pair: the same
# library otherwise, in build/TLS-pairing.
# DEV=yes compiles in seconds, without link-time optimization, for those who change the library. The result is in the
# same place, so that every test takes it; a make without DEV=yes replaces it.
# TARGET=aarch64-unknown-linux-gnu or armv7-unknown-linux-gnueabihf builds for that processor, in build/TARGET/TLS.

TLS ?= bundled
UPLOADS ?= yes
CARGO ?= cargo
CC ?= cc
LD ?= ld
AR ?= ar
OBJCOPY ?= objcopy
STRIP ?= strip
PYTHON ?= python3
VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)
SOVERSION := 0

TARGET_DIR := $(CURDIR)/target
BUILD := $(CURDIR)/build
VARIANT := $(if $(TARGET),$(TARGET)/)$(TLS)$(if $(filter no,$(UPLOADS)),-pairing)
OUT := $(BUILD)/$(VARIANT)
# All variants are compiled in one place, so that what they have in common is compiled once; anybody who compiles
# there holds the lock until the result is taken away.
LIBRARY_DIR := $(TARGET_DIR)/library$(if $(filter yes,$(DEV)),-dev)
DEV_PROFILE := CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_OPT_LEVEL=1 \
	CARGO_PROFILE_RELEASE_INCREMENTAL=true
LOCKED := flock $(LIBRARY_DIR).lock
# Records are sealed by portable code, not by that for each of many processors: they are short.
SMALL_CRYPTO := --cfg chacha20_backend=\"soft\" --cfg poly1305_backend=\"soft\" --cfg sha2_backend=\"soft\" --cfg sha2_backend_soft=\"compact\"
# A panic names its source file: not by where it was on the machine that compiled.
WITHOUT_PATHS := RUSTFLAGS="$$RUSTFLAGS --remap-path-prefix=$${CARGO_HOME:-$$HOME/.cargo}/registry/src=crates --remap-path-prefix=$(CURDIR)=. $(SMALL_CRYPTO)"
# What .cargo/config.toml says, packaging/libcurl/README.md why: an environment with these names would hide it.
C_SETTINGS := $(shell sed -n 's/^HOST_CFLAGS = "\(.*\)"/\1/p' .cargo/config.toml)
WITH_SETTINGS = $(if $(findstring -include fio_libcurl.h,$($1)),$($1),$(C_SETTINGS) $($1))
ifdef HOST_CFLAGS
export HOST_CFLAGS := $(call WITH_SETTINGS,HOST_CFLAGS)
endif
ifdef TARGET_CFLAGS
export TARGET_CFLAGS := $(call WITH_SETTINGS,TARGET_CFLAGS)
endif
ifdef C_INCLUDE_PATH
export C_INCLUDE_PATH := $(if $(findstring $(CURDIR)/packaging/libcurl,$(C_INCLUDE_PATH)),,$(CURDIR)/packaging/libcurl:)$(C_INCLUDE_PATH)
endif
EXPORTS := $(PYTHON) -B packaging/interface/make.py symbols $(if $(filter no,$(UPLOADS)),uploads)
COMMA := ,
FEATURES_bundled = --no-default-features --features bundled$(if $(filter no,$(UPLOADS)),,$(COMMA)uploads)
FEATURES_system = --no-default-features --features system$(if $(filter no,$(UPLOADS)),,$(COMMA)uploads)
EMULATOR := $(TARGET_DIR)/release/fio-emulator
SOURCES := $(shell find src core/src -name '*.rs') src/ffi/introduction.txt build.rs cbindgen.toml Cargo.toml core/Cargo.toml Cargo.lock .cargo/config.toml

# Another processor needs another toolchain: cross.sh runs a command with it.
ifneq ($(TARGET),)
CROSS_aarch64-unknown-linux-gnu := aarch64-linux-gnu-
CROSS_armv7-unknown-linux-gnueabihf := arm-linux-gnueabihf-
CROSS := $(CROSS_$(TARGET))
WITH_TARGET := TLS=$(TLS) packaging/cross.sh $(TARGET)
CC := $(CROSS)gcc
CXX := $(CROSS)g++
LD := $(CROSS)ld
AR := $(CROSS)ar
OBJCOPY := $(CROSS)objcopy
STRIP := $(CROSS)strip
endif

# What a static link against the library needs besides itself.
STATIC_LIBS_bundled := -lutil -lrt -lpthread -lm -ldl -lgcc_s
STATIC_LIBS_system := -lcurl -lutil -lrt -lpthread -lm -ldl -lgcc_s

SHARED_FLAGS := -Wl,-soname,libfio_c2c.so.$(SOVERSION) -Wl,-z,nodelete -Wl,-z,now -Wl,-z,relro -Wl,-z,defs \
	-Wl,-z,noexecstack -Wl,-z,noseparate-code -Wl,-O1 -Wl,--gc-sections -Wl,--as-needed

CFLAGS ?= -O2 -g
CXX ?= g++
CXXFLAGS ?= -O2 -g
WARNINGS := -std=c99 -Wall -Wextra -Wpedantic -Werror
EXAMPLES := pair camera event_loop upload
CXX_EXAMPLES := send_clips
BENCHES := ours_poll ours_start ours_upload ours_queue ours_network ours_parts ours_crowd
PEERS := peer_poll peer_start peer_upload peer_parts peer_relay peer_crowd

.PHONY: force all lib emulator examples examples-cpp wheel demo certify torture fuzz check pytest test-requirements screenshots header bench clean

all: lib examples

lib: $(OUT)/libfio_c2c.so $(OUT)/libfio_c2c.a

# One compilation, and one object whose only global symbols are the header's: as cargo makes it, the
# archive has all of libcurl's, the TLS library's and the Rust runtime's among them, and would collide with
# another libcurl or a second Rust library in the same program. Both libraries are made of that object.
$(OUT)/fio_c2c.o: $(SOURCES) $(OUT)/symbols $(OUT)/profile
	mkdir -p $(LIBRARY_DIR)
	$(LOCKED) sh -ec '$(WITHOUT_PATHS) $(if $(filter yes,$(DEV)),$(DEV_PROFILE)) $(WITH_TARGET) $(CARGO) rustc --locked --release --lib --crate-type staticlib $(FEATURES_$(TLS)) \
		$(TARGET:%=--target %) --target-dir $(LIBRARY_DIR) -- --cfg fio_c_library; \
		$(LD) -r --force-group-allocation $$(sed "s/^/-u /" $(OUT)/symbols) -o $@ $(LIBRARY_DIR)/$(TARGET:%=%/)release/libfio_c2c.a'
	$(OBJCOPY) --keep-global-symbols=$(OUT)/symbols --remove-section=.llvmbc --remove-section=.llvmcmd $@
	$(STRIP) -g $@

# Says how the library there was compiled; rewritten only when that changes.
$(OUT)/profile: force
	@mkdir -p $(OUT)
	@echo '$(if $(filter yes,$(DEV)),dev,release)' | cmp -s - $@ || echo '$(if $(filter yes,$(DEV)),dev,release)' > $@

# What the libraries export: the functions of the header, and nothing else.
$(OUT)/symbols: include/fio_c2c.json packaging/interface/make.py packaging/interface/interface.py Makefile
	mkdir -p $(OUT)
	$(EXPORTS) > $@.new
	mv $@.new $@

# Their version says which promise they are under (docs/abi.md): it changes with the soname, not with ours.
$(OUT)/libfio_c2c.map: $(OUT)/symbols
	{ echo 'FIO_$(SOVERSION) {'; echo '  global:'; sed 's/.*/    &;/' $<; echo '  local: *;'; echo '};'; } > $@

$(OUT)/libfio_c2c.a: $(OUT)/fio_c2c.o
	rm -f $@
	$(AR) rcs $@ $<

# The copy with names stays in target/. A new file each time: programs may be running with the old one.
$(OUT)/libfio_c2c.so.$(VERSION): $(OUT)/fio_c2c.o $(OUT)/libfio_c2c.map
	mkdir -p $(TARGET_DIR)/$(VARIANT)
	$(WITH_TARGET) $(CC) -shared -o $(TARGET_DIR)/$(VARIANT)/libfio_c2c.so $< $(SHARED_FLAGS) \
		-Wl,--version-script=$(OUT)/libfio_c2c.map $(LDFLAGS) $(STATIC_LIBS_$(TLS))
	rm -f $@
	$(STRIP) --strip-unneeded -o $@ $(TARGET_DIR)/$(VARIANT)/libfio_c2c.so

$(OUT)/libfio_c2c.so: $(OUT)/libfio_c2c.so.$(VERSION)
	ln -sf libfio_c2c.so.$(VERSION) $(OUT)/libfio_c2c.so.$(SOVERSION)
	ln -sf libfio_c2c.so.$(SOVERSION) $@

emulator: $(EMULATOR) $(EMULATOR).LICENSES.txt

# The page and the scenarios are compiled in.
$(EMULATOR): $(shell find emulator -name fuzz -prune -o -name tests -prune -o -name '*.md' -prune -o -type f -print) Cargo.lock
	$(CARGO) build --locked --release -p fio-emulator

$(EMULATOR).LICENSES.txt: $(EMULATOR) packaging/licences.py packaging/licence_part.py packaging/licences_of_rust.py LICENSE
	$(PYTHON) -B packaging/licences.py --package fio-emulator --tls $(TLS) --cargo "$(CARGO)" > $@.new
	mv $@.new $@

examples: $(EXAMPLES:%=$(OUT)/%)

$(OUT)/%: examples-c/%.c $(wildcard examples-c/*.h) include/fio_c2c.h $(OUT)/libfio_c2c.so
	$(WITH_TARGET) $(CC) $(WARNINGS) $(CFLAGS) -Iinclude $< -o $@ $(LDFLAGS) -L$(OUT) -lfio_c2c -Wl,-rpath,'$$ORIGIN'

examples-cpp: $(CXX_EXAMPLES:%=$(OUT)/%)

$(OUT)/%: examples-c/%.cpp include/fio_c2c.hpp include/fio_c2c.h $(OUT)/libfio_c2c.so
	$(WITH_TARGET) $(CXX) -std=c++17 -Wall -Wextra -Wpedantic -Werror $(CXXFLAGS) -Iinclude $< -o $@ $(LDFLAGS) -L$(OUT) -lfio_c2c \
		-Wl,-rpath,'$$ORIGIN'

# The Python package, with the library and the emulator in it: see python/README.md.
wheel: lib emulator
	FIO_TLS=$(TLS) $(PYTHON) -m pip wheel --no-deps --wheel-dir dist ./python

# PERSON=me leaves the decision to you; ADDRESS, this computer's in the network, lets a phone scan the QR.
demo: lib emulator examples
	@$(PYTHON) tests/demo/demo.py --examples $(OUT) $(PERSON:%=--person %) $(ADDRESS:%=--address %)

# A certification session: the emulator plays its scenarios on the example camera and prints the checklist. CLIENT=bad
# takes a client that does it all wrong, OPERATOR='COMMAND' a device of yours; SCENARIOS="pause my.toml" plays only
# those, REPORT=report.xml writes the report to a file as well.
certify: lib emulator examples
	@$(PYTHON) -B tests/certify/certify.py --examples $(OUT) $(CLIENT:%=--client %) $(if $(OPERATOR),--operator '$(OPERATOR)') \
		$(REPORT:%=--report %) $(SCENARIOS)

# A camera that is killed KILLS times while it sends a card full of clips, and everything else fails by chance.
# The seed of a run is printed; SEED=n takes it again. RATE=2000000 LIFE=20 instead: nothing fails, but the link carries so
# many bytes a second, and the camera is killed every so many seconds.
torture: lib emulator examples
	@$(PYTHON) -B tests/torture/$(if $(LIFE),battery.py,torture.py) --examples $(OUT) $(KILLS:%=--kills %) $(FILES:%=--files %) \
		$(SEED:%=--seed %) $(RATE:%=--rate %) $(LIFE:%=--life %)

# What clients had better not send, to the emulator, guided by coverage: bytes on a connection, and calls that are nearly
# right, for SECONDS each, side by side. WITHIN=120 bounds it as a whole: after a long build they run shorter. Needs a C++
# compiler. What is found worth keeping stays in target/fuzz-corpus.
SECONDS ?= 60
fuzz:
	@CARGO="$(CARGO)" $(PYTHON) -B emulator/fuzz/run.py --seconds $(SECONDS) $(WITHIN:%=--within %)

# Every test. What needs a package that is not installed is skipped, named and counted; with
# FIO_NO_SKIPS=1 a skip is a failure. ONLY="word word" runs the steps whose names contain a word.
check:
	@$(PYTHON) -B tests/check.py $(ONLY)

# Some Python tests, with the arguments of pytest: make pytest TESTS="tests/python -k hostile". A folder is a run.
PYTEST = "$$($(PYTHON) -B tests/environment.py)" -B -m pytest
pytest:
	$(PYTEST) $(TESTS)

# The lock files of what tests install from PyPI, made again of requirements.in beside them; for every Python that can run
# the tests.
test-requirements:
	set -e; for of in tests tests/page; do \
		uv pip compile --quiet --universal --python-version 3.9 --fork-strategy fewest --generate-hashes --no-strip-extras --no-annotate --upgrade \
			--custom-compile-command "make test-requirements" $$of/requirements.in --output-file $$of/requirements.lock; done

# What the library costs in both builds, beside programs written by hand in C with the system's libcurl. ASSERT=1 fails
# on a miss; BENCH="poll upload" runs only those; QUICK=1 leaves the uploads of 20 GB out. BENCH="lines weak", which take a
# quarter of an hour, are long lines, and links that break; PICTURES=docs/images draws one of them.
bench: emulator
	$(MAKE) TLS=system UPLOADS=no lib
	$(MAKE) TLS=bundled UPLOADS=yes $(BENCHES:%=$(BUILD)/bundled/%)
	$(MAKE) TLS=system UPLOADS=yes $(BENCHES:%=$(BUILD)/system/%) $(PEERS:%=$(BUILD)/system/%)
	FIO_EMULATOR=$(EMULATOR) $(PYTHON) -B benches/run.py --by-hand $(BUILD)/system \
		$(foreach build,bundled system,--build $(build)=$(BUILD)/$(build)) \
		$(foreach library,system-pairing system bundled,--library $(library)=$(BUILD)/$(library)/libfio_c2c.so) \
		$(if $(ASSERT),--assert) $(if $(QUICK),--without-20-gb) $(PICTURES:%=--pictures %) $(BENCH)

$(BUILD)/system/peer_%: benches/peer_%.c benches/bench.h benches/peer.h benches/peer_form.h
	mkdir -p $(@D)
	$(CC) $(WARNINGS) -D_POSIX_C_SOURCE=200809L -O2 $< -o $@ -lcurl -lcjson

$(OUT)/ours_%: benches/ours_%.c benches/bench.h benches/ours.h benches/ours_client.h include/fio_c2c.h $(OUT)/libfio_c2c.so
	$(CC) $(WARNINGS) -D_POSIX_C_SOURCE=200809L -O2 -Iinclude $< -o $@ -L$(OUT) -lfio_c2c -Wl,-rpath,'$$ORIGIN'

# The pictures of the emulator's page in the manual, made by the test that looks at it in Chromium.
screenshots: lib emulator
	FIO_PAGE_PICTURES=$(CURDIR)/docs/images $(PYTEST) tests/page

# The header is made by build.rs; this commits it, with its description and what is made of that.
header:
	$(CARGO) build --lib
	made="$$(ls -t $(TARGET_DIR)/debug/build/fio-c2c-*/out/fio_c2c.h | head -1)"; cp "$$made" include/fio_c2c.h && \
		$(PYTHON) -B packaging/interface/make.py description "$${made%/*}/statuses.tsv"

clean:
	rm -rf $(BUILD) $(TARGET_DIR)

include $(wildcard packaging/*.mk)
