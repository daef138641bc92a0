# `make install` and `make uninstall`: what it takes to build programs with the library and to run them. Both are
# given the same variables: PREFIX, LIBDIR, INCLUDEDIR and LICENSEDIR, absolute and without spaces; DESTDIR, put in
# front of all of them, for anybody who makes a package; TLS, UPLOADS and TARGET, as for `make lib`. What is built already
# is not built again, and then neither cargo nor Python is needed.
#
# RELOCATABLE=yes makes a tree that may be moved as a whole: fio-c2c.pc then finds its prefix from its own place.
# (The CMake package always does.)

DESTDIR ?=
PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
LICENSEDIR ?= $(PREFIX)/share/licenses/fio-c2c
RELOCATABLE ?= no
INSTALL ?= install

PKGCONFIGDIR = $(LIBDIR)/pkgconfig
CMAKEDIR = $(LIBDIR)/cmake/fio_c2c
HEADERS := $(wildcard include/*.h include/*.hpp)
LICENSES := $(OUT)/LICENSES.txt
TEMPLATES = $(PKGCONFIGDIR)/fio-c2c.pc $(CMAKEDIR)/fio_c2cConfig.cmake $(CMAKEDIR)/fio_c2cConfigVersion.cmake
INSTALLED = $(addprefix $(LIBDIR)/,libfio_c2c.so.$(VERSION) libfio_c2c.so.$(SOVERSION) libfio_c2c.so libfio_c2c.a) \
	$(HEADERS:include/%=$(INCLUDEDIR)/%) $(TEMPLATES) $(LICENSEDIR)/LICENSES.txt
# The directories that were not there before: uninstall takes away these and no others.
MADE := $(BUILD)/made-directories

PATHS_ARE_USABLE = $(foreach path,PREFIX LIBDIR INCLUDEDIR LICENSEDIR, \
	$(if $(filter-out 1,$(words $($(path))))$(filter-out /%,$($(path))), \
		$(error $(path) must be one absolute path without spaces, not "$($(path))"))) \
	$(if $(word 2,$(DESTDIR)),$(error DESTDIR must have no spaces, not "$(DESTDIR)"))

# The second as seen from the first; neither need be there, and links are not followed.
SEEN_FROM = "$$(realpath --canonicalize-missing --no-symlinks --relative-to=$(1) $(2))"
# 4 or 8: the fifth byte of an ELF file is 1 or 2.
POINTER_SIZE = "$$((4 * $$(od -An -tu1 -j4 -N1 $(OUT)/libfio_c2c.so)))"
# A compiler adds its own libgcc_s where that is needed; naming it would make wholly static programs impossible.
FOR_STATIC := $(filter-out -lgcc_s,$(STATIC_LIBS_$(TLS)))
SPACE := $(subst ,, )

# What the templates leave open.
FILLED_IN = -e 's|@PREFIX@|'$(if $(filter yes,$(RELOCATABLE)),'$${pcfiledir}'/$(call SEEN_FROM,$(PKGCONFIGDIR),$(PREFIX)),$(PREFIX))'|' \
	-e 's|@LIBDIR@|$(patsubst $(PREFIX)/%,$${prefix}/%,$(LIBDIR))|' \
	-e 's|@INCLUDEDIR@|$(patsubst $(PREFIX)/%,$${prefix}/%,$(INCLUDEDIR))|' \
	-e 's|@INCLUDE_FROM_CMAKE@|'$(call SEEN_FROM,$(CMAKEDIR),$(INCLUDEDIR))'|' \
	-e 's|@VERSION@|$(VERSION)|' -e 's|@SOVERSION@|$(SOVERSION)|' -e 's|@POINTER_SIZE@|'$(POINTER_SIZE)'|' \
	-e 's|@TLS@|$(TLS)|' -e 's|@UPLOADS@|$(if $(filter no,$(UPLOADS)),no,yes)|' \
	-e 's|@STATIC_LIBS@|$(FOR_STATIC)|' -e 's|@STATIC_LIBS_LIST@|$(subst $(SPACE),;,$(FOR_STATIC:-l%=%))|'

.PHONY: install uninstall

install: $(OUT)/libfio_c2c.so $(OUT)/libfio_c2c.a $(LICENSES)
	@$(PATHS_ARE_USABLE)
	umask 022; LC_ALL=C mkdir -pv $(addprefix $(DESTDIR),$(LIBDIR) $(PKGCONFIGDIR) $(CMAKEDIR) $(INCLUDEDIR) $(LICENSEDIR)) \
		| sed -n "s/^mkdir: created directory '\(.*\)'$$/\1/p" >> $(MADE)
	$(INSTALL) -m 755 $(OUT)/libfio_c2c.so.$(VERSION) $(DESTDIR)$(LIBDIR)
	ln -sf libfio_c2c.so.$(VERSION) $(DESTDIR)$(LIBDIR)/libfio_c2c.so.$(SOVERSION)
	ln -sf libfio_c2c.so.$(SOVERSION) $(DESTDIR)$(LIBDIR)/libfio_c2c.so
	$(INSTALL) -m 644 $(OUT)/libfio_c2c.a $(DESTDIR)$(LIBDIR)
	$(INSTALL) -m 644 $(HEADERS) $(DESTDIR)$(INCLUDEDIR)
	$(INSTALL) -m 644 $(LICENSES) $(DESTDIR)$(LICENSEDIR)
	for file in $(TEMPLATES); do $(INSTALL) -m 644 packaging/$${file##*/}.in $(DESTDIR)$$file || exit; done
	sed -i $(FILLED_IN) $(TEMPLATES:%=$(DESTDIR)%)
	$(if $(DESTDIR),,@echo "Installed. Where $(LIBDIR) is a directory of the system's linker, run ldconfig.")

uninstall:
	@$(PATHS_ARE_USABLE)
	rm -f $(INSTALLED:%=$(DESTDIR)%)
	if test -f $(MADE); then \
		sort -ru $(MADE) | while read -r made; do \
			rmdir "$$made" 2>/dev/null || test ! -d "$$made" || echo "$$made"; \
		done > $(MADE).left; \
		mv $(MADE).left $(MADE); \
	fi

# Made with the library, so that installing it needs no cargo.
lib: $(LICENSES)

$(LICENSES): $(OUT)/fio_c2c.o packaging/licences.py packaging/licence_part.py packaging/licences_of_rust.py LICENSE Cargo.lock
	MAKEFLAGS= $(WITH_TARGET) $(PYTHON) -B packaging/licences.py --tls $(TLS) $(TARGET:%=--target %) --cargo "$(CARGO)" -- $(FEATURES_$(TLS)) > $@.new
	mv $@.new $@
