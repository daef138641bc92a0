# make dist: an archive for each processor and variant, in dist/, with everything a vendor's build needs: headers,
# both libraries, pkg-config and CMake files, sizes, bill of materials, licences, checksums.
#
#     make dist TARGETS=aarch64-unknown-linux-gnu VARIANTS=bundled     only that one
#     make sizes                                                      the table of the archives that are there

NATIVE_TARGET = $(shell uname -m)-unknown-linux-gnu
TARGETS ?= $(NATIVE_TARGET) aarch64-unknown-linux-gnu armv7-unknown-linux-gnueabihf
VARIANTS ?= bundled system
DIST := $(CURDIR)/dist
DIST_NAME := fio-c2c-$(VERSION)
ARCHIVES = $(foreach target,$(TARGETS),$(VARIANTS:%=$(DIST)/$(DIST_NAME)-$(target)-%.tar.gz))
# The time in the archives: of the commit, so that the same commit gives the same bytes.
DIST_EPOCH = $(or $(SOURCE_DATE_EPOCH),$(shell git log -1 --format=%ct 2>/dev/null),0)

CYCLONEDX_VERSION := 0.5.9
CYCLONEDX := $(TARGET_DIR)/tools/cyclonedx-$(CYCLONEDX_VERSION)/bin/cargo-cyclonedx

.PHONY: dist sizes dist-one always

dist: $(ARCHIVES)
	@cd $(DIST) && sha256sum $(DIST_NAME)-*.tar.gz > SHA256SUMS
	@$(MAKE) --no-print-directory sizes

sizes:
	@$(PYTHON) -B packaging/dist/sizes.py $(sort $(wildcard $(DIST)/$(DIST_NAME)-*.tar.gz))

# What has changed, only the parts know. The native one is made like every other, but by the compilers here.
$(DIST)/$(DIST_NAME)-%.tar.gz: always $(CYCLONEDX)
	@$(MAKE) --no-print-directory dist-one ARCHIVE=$@ UPLOADS=yes TLS=$(lastword $(subst -, ,$*)) \
		TARGET=$(filter-out $(NATIVE_TARGET),$(patsubst %-$(lastword $(subst -, ,$*)),%,$*))

dist-one: STAGE = $(TARGET_DIR)/dist/$(VARIANT)
dist-one: lib
	@echo "packing $(ARCHIVE:$(CURDIR)/%=%)"
	@rm -rf $(STAGE) $(STAGE)-directories
	@mkdir -p $(STAGE)
	@$(MAKE) --no-print-directory --silent install DESTDIR=$(STAGE) PREFIX=/ LICENSEDIR=/ RELOCATABLE=yes \
		MADE=$(STAGE)-directories TARGET=$(TARGET) TLS=$(TLS)
	@$(INSTALL) -m 644 $(OUT)/libfio_c2c.map $(STAGE)/lib
	@MAKEFLAGS= $(WITH_TARGET) $(PYTHON) -B packaging/dist/archive.py --folder $(STAGE) --archive $(ARCHIVE) \
		--target $(or $(TARGET),$(NATIVE_TARGET)) --tls $(TLS) --version $(VERSION) --epoch $(DIST_EPOCH) \
		--compiler $(CC) --cyclonedx $(CYCLONEDX) --static-libraries="$(STATIC_LIBS_$(TLS))" \
		--shared-flags="$(SHARED_FLAGS)" -- $(FEATURES_$(TLS))

# Unoptimized: it runs for a fraction of a second.
$(CYCLONEDX):
	CARGO_PROFILE_DEV_DEBUG=0 $(CARGO) install --quiet --locked --debug --root $(dir $(@D)) \
		--version $(CYCLONEDX_VERSION) cargo-cyclonedx
