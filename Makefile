# Makefile: the only build file of the house; GNU make 4.3 or later, no configure step.
#
# `make` builds build/yg-agent, yg-syncd and yg-verify, `make check` proves them, `make help` lists
# the rest. Every .c file is compiled once per flavour (release, asan, tsan, ...), into
# build/obj/FLAVOUR; the rules for one flavour are the template FLAVOUR_RULES below.

VERSION := 0.1.0
BUILD   ?= build
FLAVOUR ?= release
JOBS    ?= $(shell nproc 2>/dev/null || echo 2)
DESTDIR ?=
prefix  ?= /usr/local
V       ?= 0
DEMO    ?=

MAKEFLAGS += --no-builtin-rules --no-print-directory
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
SHELL := /bin/sh
Q := $(if $(filter 1,$(V)),,@)
say = @$(if $(filter 1,$(V)),:,printf '  %-7s %s\n' $(1) $(2))

# ---- what is compiled ---------------------------------------------------------------------------

# The libraries of the house. Looked up when the first file is compiled, not before, so that
# `make install-deps` works on a machine that has none of them.
PACKAGES := sqlite3 libcurl libcjson zlib libsodium libmicrohttpd gnutls libxml-2.0 libzip xlsxwriter libqrencode
PACKAGE_CFLAGS = $(eval PACKAGE_CFLAGS := $(shell pkg-config --cflags $(PACKAGES)))$(PACKAGE_CFLAGS)
PACKAGE_LIBS   = $(eval PACKAGE_LIBS := $(shell pkg-config --libs $(PACKAGES)))$(PACKAGE_LIBS)

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion \
            -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2 -Wundef -Werror
COMMON   := -std=c11 -D_GNU_SOURCE -I. -g -ffile-prefix-map=$(CURDIR)=. $(WARNINGS)

ifeq ($(origin CC),default)
CC := gcc
endif
CLANG := $(or $(shell command -v clang-14 2>/dev/null),clang)
CLANG_FORMAT := $(or $(shell command -v clang-format-14 2>/dev/null),clang-format)

# Asserts stay on in every flavour: a wrong state must stop the program, not the data.
HARDENED := -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection -fPIE
CC_release     := $(CC)
FLAGS_release  := -O2 $(HARDENED)
LINK_release   := -pie -Wl,-z,relro,-z,now
CC_clang       := $(CLANG)
FLAGS_clang    := -O2 $(HARDENED)
LINK_clang     := -pie -Wl,-z,relro,-z,now
CC_asan        := $(CLANG)
FLAGS_asan     := -O1 -fno-omit-frame-pointer -fsanitize=address,undefined \
                  -fno-sanitize-recover=all
LINK_asan      := -fsanitize=address,undefined
CC_tsan        := $(CLANG)
FLAGS_tsan     := -O1 -fno-omit-frame-pointer -fsanitize=thread
LINK_tsan      := -fsanitize=thread
CC_fuzz        := $(CLANG)
FLAGS_fuzz     := -O1 -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined \
                  -fno-sanitize-recover=all
LINK_fuzz      := -fsanitize=address,undefined
CC_coverage    := $(CC)
# Not optimised, so gcc sees less of what is set where.
FLAGS_coverage := -O0 --coverage -Wno-error=maybe-uninitialized
LINK_coverage  := --coverage
FLAVOURS       := release clang asan tsan fuzz coverage

HOST_SOURCES   := base/embed.c base/embed_words.c base/embed_pinyin.c
LIBRARY_SOURCES := $(filter-out $(HOST_SOURCES) agent/main.c syncd/main.c, \
    $(wildcard base/*.c schema/*.c schema/*/*.c agent/*.c agent/*/*.c syncd/*.c syncd/*/*.c))
PROGRAM_SOURCES := $(wildcard agent/main.c syncd/main.c verify/main.c)
TIDY_SOURCES    := $(wildcard tests/tidy/*.c)
SUPPORT_SOURCES := $(filter-out tests/tidy/main.c,$(TIDY_SOURCES)) $(wildcard tests/support/*.c)
TEST_SOURCES    := $(sort $(wildcard tests/unit/test_*.c tests/property/test_*.c \
                                     tests/conformance/test_*.c tests/fault/test_*.c \
                                     tests/sim/test_*.c))
# What the simulated world is made of; linked to nothing else, because it takes the place of files.
SIM_SOURCES     := $(filter-out %/main.c,$(filter-out tests/sim/test_%,$(wildcard tests/sim/*.c)))
# Linked with the same disk, and with what lets the machine fail.
FAULT_SOURCES   := $(filter-out tests/fault/test_%,$(wildcard tests/fault/*.c))
BENCH_SOURCES   := $(wildcard tests/bench/bench_*.c)
FUZZ_SOURCES    := $(wildcard tests/fuzz/fuzz_*.c)
E2E_SCRIPTS     := $(sort $(wildcard tests/e2e/test_*.sh tests/e2e/test_*.mjs))
C_FILES         := $(sort $(wildcard $(foreach d,base schema agent syncd verify tests, \
                       $(d)/*.[ch] $(d)/*/*.[ch])))

# ---- generated sources --------------------------------------------------------------------------

# Folders of text files that are embedded in the programs: NAME=FOLDER makes
# build/gen/asset_NAME.c with the table asset_NAME. A folder that does not exist is left out.
ASSETS := forms=schema/forms
asset_name   = $(firstword $(subst =, ,$(1)))
asset_folder = $(lastword $(subst =, ,$(1)))
asset_files  = $(sort $(shell find $(call asset_folder,$(1)) -type f 2>/dev/null))

# Rooms with pages for a browser: NAME=ROOM makes the table asset_NAME_web of ROOM/web.
WEB_APPS := agent=agent desk=syncd/desk

GENERATED := $(if $(wildcard base/words/zh.tsv),$(BUILD)/gen/words_zh.c) $(BUILD)/gen/pinyin.c \
    $(foreach app,$(WEB_APPS),$(BUILD)/gen/asset_$(call asset_name,$(app))_web.c) \
    $(foreach a,$(ASSETS),$(if $(wildcard $(call asset_folder,$(a))),$(BUILD)/gen/asset_$(call asset_name,$(a)).c))

$(BUILD)/host/%: base/%.c | $(BUILD)/ready
	$(call say,HOSTCC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(COMMON) -O1 -o $@ $<

$(BUILD)/gen/words_zh.c: base/words/zh.tsv $(BUILD)/host/embed_words
	$(call say,EMBED,$<)
	@mkdir -p $(@D)
	$(Q)$(BUILD)/host/embed_words $< $@

# ICU knows how each Han character is read; the rules take its tones off and write ü as v.
PINYIN_RULES := ::Han-Latin; ::NFD; u \u0308 > v; ::[:Mn:] Remove;

$(BUILD)/gen/pinyin.c: base/pinyin.tsv $(BUILD)/host/embed_pinyin
	$(call say,EMBED,$<)
	@mkdir -p $(@D)
	$(Q)$(BUILD)/host/embed_pinyin list | uconv -f utf8 -t utf8 -x '$(PINYIN_RULES)' \
	    | $(BUILD)/host/embed_pinyin $< $@

# The list of names is a prerequisite of its own: a file that is removed must vanish from the table.
define ASSET_RULES
$(BUILD)/gen/asset_$(1).list: FORCE
	@mkdir -p $$(@D); printf '%s\n' $(3) | cmp -s - $$@ || printf '%s\n' $(3) > $$@
$(BUILD)/gen/asset_$(1).c: $(3) $(BUILD)/host/embed $(BUILD)/gen/asset_$(1).list
	$$(call say,EMBED,$(2))
	$(Q)$(BUILD)/host/embed $$@ asset_$(1) $(2) $(3)
endef
$(foreach a,$(ASSETS),$(if $(wildcard $(call asset_folder,$(a))),$(eval $(call \
    ASSET_RULES,$(call asset_name,$(a)),$(call asset_folder,$(a)),$(call asset_files,$(a))))))

# Pages: their libraries come from npm, once and by the hashes of the lock file, into build/web; then
# a build needs no network. packaging/web/assemble.mjs puts an app together and packs it. Its table is
# asset_APP_web, with the name of each file and its twin NAME.gz.
NPM_CI := npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
WEB_FILES = $(sort $(shell find base/web schema/web $(1)/web -type f 2>/dev/null))
WEB_ROOMS = $(foreach app,$(WEB_APPS),$(call asset_folder,$(app)))

# tests/web has what drives a browser; the tests of the pages are skipped without it.
$(BUILD)/web/npm/ready: packaging/web/package.json packaging/web/package-lock.json | $(BUILD)/ready
$(BUILD)/web/test/ready: tests/web/package.json tests/web/package-lock.json | $(BUILD)/ready
$(BUILD)/web/%/ready:
	$(call say,NPM,$<)
	@mkdir -p $(@D) && cp $^ $(@D)/
	$(Q)cd $(@D) && { $(NPM_CI) > npm.log 2>&1 || { cat npm.log >&2; \
	    echo "$(@D): the libraries could not be fetched; the first time this needs npm's registry" >&2; \
	    exit 1; }; }
	@touch $@

define WEB_RULES
$(BUILD)/gen/asset_$(1)_web.list: FORCE
	@mkdir -p $$(@D); printf '%s\n' $(call WEB_FILES,$(2)) | cmp -s - $$@ || \
	    printf '%s\n' $(call WEB_FILES,$(2)) > $$@
$(BUILD)/gen/asset_$(1)_web.c: $(call WEB_FILES,$(2)) $(BUILD)/gen/asset_$(1)_web.list \
    packaging/web/assemble.mjs $(BUILD)/web/npm/ready $(BUILD)/host/embed
	$(Q)node packaging/web/assemble.mjs $(2) $(BUILD)/web/npm/node_modules $(BUILD)/web/$(1) \
	    $(WEB_ROOMS)
	$(Q)$(BUILD)/host/embed $$@ asset_$(1)_web $(BUILD)/web/$(1) \
	    $$$$(find $(BUILD)/web/$(1) -type f)
endef
$(foreach app,$(WEB_APPS),$(eval $(call WEB_RULES,$(call asset_name,$(app)),$(call asset_folder,$(app)))))

# Made-up households, for the demo, tests and benches.
GENERATE := $(BUILD)/generate
$(GENERATE): packaging/generate.c | $(BUILD)/ready
	$(call say,HOSTCC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(COMMON) -O1 -o $@ $<

# ---- one flavour --------------------------------------------------------------------------------

# Release programs stand in build/ itself; those of the other flavours in build/FLAVOUR/.
program_dir = $(BUILD)$(if $(filter release,$(1)),,/$(1))
library   = $(BUILD)/lib/$(1)/libyg.a
support   = $(BUILD)/lib/$(1)/libtest.a
programs  = $(patsubst %/main.c,$(call program_dir,$(1))/yg-%,$(PROGRAM_SOURCES))
objects   = $(patsubst %.c,$(BUILD)/obj/$(1)/%.o,$(2))
generated = $(patsubst $(BUILD)/gen/%.c,$(BUILD)/obj/$(1)/gen/%.o,$(GENERATED))
fuzzers   = $(patsubst tests/%.c,$(BUILD)/test/$(1)/%,$(FUZZ_SOURCES))
tests     = $(patsubst tests/%.c,$(BUILD)/test/$(1)/%,$(TEST_SOURCES))

# Where a test can make the machine fail (tests/fault/fault.c).
comma := ,
FAULT_WRAPS := malloc calloc realloc strdup strndup disk_open disk_read disk_write disk_truncate \
    disk_sync disk_unlink disk_rename disk_make_folder disk_sync_names \
    arena_alloc arena_array arena_room arena_copy arena_push arena_view

define FLAVOUR_RULES
# Changed flags, and files that came or went, must rebuild what depends on them.
$(BUILD)/obj/$(1)/flags: FORCE
	@mkdir -p $$(@D); printf '%s\n' '$$(CC_$(1)) $$(COMMON) $$(FLAGS_$(1)) $(VERSION)' > $$@.new; \
	    cmp -s $$@.new $$@ && rm $$@.new || mv $$@.new $$@
$(BUILD)/lib/$(1)/members: FORCE
	@mkdir -p $$(@D); printf '%s\n' $(LIBRARY_SOURCES) $(SUPPORT_SOURCES) > $$@.new; \
	    cmp -s $$@.new $$@ && rm $$@.new || mv $$@.new $$@

$(BUILD)/obj/$(1)/%.o: %.c $(BUILD)/obj/$(1)/flags | $(BUILD)/ready
	$$(call say,'CC $(1)',$$<)
	@mkdir -p $$(@D)
	$(Q)$$(CC_$(1)) $$(COMMON) $$(FLAGS_$(1)) -DYG_VERSION='"$(VERSION)"' $$(PACKAGE_CFLAGS) \
	    $$(if $$(findstring /tests/fuzz/,$$@),-fsanitize=fuzzer-no-link) -MMD -MP -c -o $$@ $$<
$(BUILD)/obj/$(1)/gen/%.o: $(BUILD)/gen/%.c $(BUILD)/obj/$(1)/flags | $(BUILD)/ready
	@mkdir -p $$(@D)
	$(Q)$$(CC_$(1)) $$(COMMON) -Wno-overlength-strings $$(FLAGS_$(1)) -MMD -MP -c -o $$@ $$<
$(call objects,$(1),$(TEST_SOURCES) $(SUPPORT_SOURCES)): | $(BUILD)/ready-test

$(call library,$(1)): $(call objects,$(1),$(LIBRARY_SOURCES)) $(call generated,$(1)) \
    $(BUILD)/lib/$(1)/members
	@rm -f $$@
	$(Q)ar rcsD $$@ $$(filter %.o,$$^)
$(call support,$(1)): $(call objects,$(1),$(SUPPORT_SOURCES)) $(BUILD)/lib/$(1)/members
	@rm -f $$@
	$(Q)ar rcsD $$@ $$(filter %.o,$$^)

$(call program_dir,$(1))/yg-%: $(BUILD)/obj/$(1)/%/main.o $(call library,$(1))
	$$(call say,LINK,$$@)
	@mkdir -p $$(@D)
	$(Q)$$(CC_$(1)) $$(LINK_$(1)) -Wl,--as-needed -o $$@ $$^ $$(PACKAGE_LIBS) -lpthread -lm

$(BUILD)/test/$(1)/%: $(BUILD)/obj/$(1)/tests/%.o $(call support,$(1)) $(call library,$(1))
	$$(call say,LINK,$$@)
	@mkdir -p $$(@D)
	$(Q)$$(CC_$(1)) $$(LINK_$(1)) $$(if $$(filter fuzz/%,$$*),-fsanitize=fuzzer) -o $$@ $$^ \
	    -lcmocka $$(PACKAGE_LIBS) -lpthread -lm

# Before the library, so that the simulated files are found first.
$(BUILD)/test/$(1)/sim/sim: $(BUILD)/obj/$(1)/tests/sim/main.o $(call objects,$(1),$(SIM_SOURCES)) \
    $(call support,$(1)) $(call library,$(1))
	$$(call say,LINK,$$@)
	@mkdir -p $$(@D)
	$(Q)$$(CC_$(1)) $$(LINK_$(1)) -Wl,--wrap=crypt_stretch -o $$@ $$^ -lcmocka $$(PACKAGE_LIBS) -lpthread -lm
$(BUILD)/test/$(1)/sim/test_%: $(BUILD)/obj/$(1)/tests/sim/test_%.o $(call objects,$(1),$(SIM_SOURCES)) \
    $(call support,$(1)) $(call library,$(1))
	$$(call say,LINK,$$@)
	@mkdir -p $$(@D)
	$(Q)$$(CC_$(1)) $$(LINK_$(1)) -Wl,--wrap=crypt_stretch -o $$@ $$^ -lcmocka $$(PACKAGE_LIBS) -lpthread -lm
$(BUILD)/test/$(1)/fault/test_%: $(BUILD)/obj/$(1)/tests/fault/test_%.o \
    $(call objects,$(1),$(FAULT_SOURCES) $(SIM_SOURCES)) $(call support,$(1)) $(call library,$(1))
	$$(call say,LINK,$$@)
	@mkdir -p $$(@D)
	$(Q)$$(CC_$(1)) $$(LINK_$(1)) $(addprefix -Wl$(comma)--wrap=,crypt_stretch $(FAULT_WRAPS)) -o $$@ $$^ \
	    -lcmocka $$(PACKAGE_LIBS) -lpthread -lm

.SECONDARY: $(call objects,$(1),$(PROGRAM_SOURCES) $(TEST_SOURCES) $(BENCH_SOURCES) $(FUZZ_SOURCES) $(SIM_SOURCES) $(FAULT_SOURCES))
-include $$(wildcard $(BUILD)/obj/$(1)/*/*.d $(BUILD)/obj/$(1)/*/*/*.d)
endef
$(foreach flavour,$(FLAVOURS),$(eval $(call FLAVOUR_RULES,$(flavour))))

# Mistakes that the simulator must find (base/planted.h): the files that name them, compiled once more
# and linked before the library of release, so that theirs are found first.
PLANTED_SOURCES := $(shell grep -l 'planted\.h"' $(LIBRARY_SOURCES) $(SIM_SOURCES) tests/sim/main.c)
PLANTED_SIM := $(BUILD)/test/planted/sim/sim
$(call objects,planted,$(PLANTED_SOURCES)): $(BUILD)/obj/planted/%.o: %.c $(BUILD)/obj/release/flags | $(BUILD)/ready-test
	$(call say,'CC planted',$<)
	@mkdir -p $(@D)
	$(Q)$(CC_release) $(COMMON) $(FLAGS_release) -DYG_PLANTED -DYG_VERSION='"$(VERSION)"' $(PACKAGE_CFLAGS) \
	    -MMD -MP -c -o $@ $<
$(PLANTED_SIM): $(call objects,planted,$(PLANTED_SOURCES)) \
    $(call objects,release,$(filter-out $(PLANTED_SOURCES),tests/sim/main.c $(SIM_SOURCES))) \
    $(call support,release) $(call library,release)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC_release) $(LINK_release) -Wl,--wrap=crypt_stretch -o $@ $^ -lcmocka $(PACKAGE_LIBS) -lpthread -lm
-include $(wildcard $(BUILD)/obj/planted/*/*.d $(BUILD)/obj/planted/*/*/*.d)

# Clang is needed for every flavour but release.
$(foreach flavour,$(filter-out release,$(FLAVOURS)),$(eval \
    $(call objects,$(flavour),$(LIBRARY_SOURCES) $(PROGRAM_SOURCES) $(FUZZ_SOURCES)) \
    $(call generated,$(flavour)): | $(BUILD)/ready-test))

# ---- tools of the house -------------------------------------------------------------------------

TIDY   := $(BUILD)/host/tidy
RUNNER := $(BUILD)/host/runner
$(TIDY): $(call objects,release,$(TIDY_SOURCES))
$(RUNNER): $(BUILD)/obj/release/tests/runner.o
$(TIDY) $(RUNNER):
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC_release) $(LINK_release) -o $@ $^

# What every object defines, needs and keeps, for the rules that the sources alone do not show.
# (base/embed.c and its like are programs of the build, not of the house.)
SYMBOLS := $(BUILD)/symbols.txt
$(SYMBOLS): $(call objects,release,$(LIBRARY_SOURCES) $(PROGRAM_SOURCES))
	$(Q)nm -A -f sysv $^ < /dev/null > $@

# A limit is there for what hangs: three times what the slowest takes on a busy machine with two cores.
RUN = $(RUNNER) --jobs $(JOBS) --logs $(BUILD)/logs --build $(BUILD)
RUN_UNIT = --label release --limit 400 $(call tests,release)
RUN_ASAN = --label asan --limit 900 $(call tests,asan)
RUN_E2E  = --label e2e --limit 900 $(E2E_SCRIPTS)
# Not a search, only the corpus and a few thousand inputs: that the targets work at all.
RUN_FUZZ = --label fuzz --limit 400 $(foreach fuzzer,$(call fuzzers,asan),\
    '$(notdir $(fuzzer)): tests/replay.sh $(fuzzer)')
RUN_TIDY = --label house --limit 400 'tidy: $(TIDY) --tap . $(SYMBOLS)'
RUN_FORMAT = --label house --limit 400 'format: tests/format.sh check $(CLANG_FORMAT) $(C_FILES)'
RUN_SIM  = --label sim --limit 1800 \
    'worlds: $(BUILD)/test/release/sim/sim --seeds 1000 --tap --jobs $(JOBS)' \
    'teeth: $(PLANTED_SIM) --teeth --seeds 500'
RUN_MAN  = --label house --limit 400 'man: tests/man.sh $(wildcard docs/*.[1-8])'

# ---- targets ------------------------------------------------------------------------------------

.PHONY: all help install-deps check check-built unit asan clang tidy format format-check e2e demo \
    fuzz bench bench-console man bare install clean dist FORCE
FORCE:

## all           build the programs: build/yg-agent, yg-syncd, yg-verify (FLAVOUR=asan|tsan|clang)
all: $(call library,$(FLAVOUR)) $(call programs,$(FLAVOUR)) $(GENERATE)

## help          this table
help:
	@echo 'Targets of this Makefile:'
	@sed -n 's/^## /  make /p' Makefile
	@echo 'Variables: BUILD=build  FLAVOUR=release  JOBS=$(JOBS)  V=1 (show commands)  DESTDIR  prefix'

## install-deps  install the Debian packages that are missing (apt-get, as root or with sudo)
install-deps:
	@packaging/install-deps.sh build test browser

# A build on a machine without the libraries should say what to do, not fail in the first #include.
$(BUILD)/ready: packaging/install-deps.sh
	@packaging/install-deps.sh --check build
	@mkdir -p $(@D) && touch $@
$(BUILD)/ready-test: packaging/install-deps.sh
	@packaging/install-deps.sh --check build test
	@mkdir -p $(@D) && touch $@

# The first half runs before anything is known to be installed, so the rest is a second make.
SECOND_MAKE = $(MAKE) $(if $(filter -j%,$(MAKEFLAGS)),,-j$(JOBS))

## check         install what is missing, build, and run every test; ends with 'N passed, N failed'
check:
	@packaging/install-deps.sh build test browser
	+@$(SECOND_MAKE) check-build || { echo '0 passed, 1 failed'; exit 1; }
	@$(RUN) $(RUN_TIDY) $(RUN_FORMAT) $(RUN_MAN) $(RUN_E2E) $(RUN_FUZZ) $(RUN_ASAN) $(RUN_UNIT) \
	    $(RUN_SIM)
.PHONY: check-build
check-build: all clang $(BUILD)/web/test/ready $(call programs,asan) $(call tests,asan) $(call fuzzers,asan) \
    $(call tests,release) $(BUILD)/test/release/sim/sim $(PLANTED_SIM) \
    $(TIDY) $(RUNNER) $(SYMBOLS)

## unit          unit and property tests (T=name runs only tests/*/test_name.c)
T ?=
chosen = $(if $(T),$(filter %/test_$(T),$(1)),$(1))
unit: $(call chosen,$(call tests,release)) $(call programs,release) $(RUNNER)
	@$(RUN) --label release --limit 400 $(call chosen,$(call tests,release))

## asan          the same tests under AddressSanitizer and UndefinedBehaviorSanitizer (clang)
asan: $(call chosen,$(call tests,asan)) $(call programs,asan) $(RUNNER)
	@$(RUN) --label asan --limit 900 $(call chosen,$(call tests,asan))

## tsan          the same tests under ThreadSanitizer
.PHONY: tsan
tsan: $(call chosen,$(call tests,tsan)) $(call programs,tsan) $(RUNNER)
	@$(RUN) --label tsan --limit 900 $(call chosen,$(call tests,tsan))

## tsan-e2e      the real programs under ThreadSanitizer: killed, hammered, the console and photos with many at once
.PHONY: tsan-e2e
TSAN_E2E := tests/e2e/test_damage.sh tests/e2e/test_api_attachment.mjs tests/e2e/test_console_api.mjs \
    tests/e2e/kill9.sh
tsan-e2e: $(call programs,tsan) $(GENERATE) $(RUNNER)
	@ln -sf ../generate $(BUILD)/tsan/generate
	@rm -rf $(BUILD)/tsan/reports && mkdir -p $(BUILD)/tsan/reports
	@TSAN_OPTIONS='log_path=$(abspath $(BUILD))/tsan/reports/race exitcode=0' \
	    $(RUNNER) --jobs 1 --logs $(BUILD)/logs --build $(BUILD)/tsan --label tsan --limit 900 $(TSAN_E2E)
	@cat $(BUILD)/tsan/reports/* 2>/dev/null; test -z "$$(ls $(BUILD)/tsan/reports)"

## clang         compile everything with clang, warnings are errors (the objects of flavour asan)
clang: $(call objects,asan,$(LIBRARY_SOURCES) $(PROGRAM_SOURCES) $(SUPPORT_SOURCES) $(TEST_SOURCES) \
    $(SIM_SOURCES) $(FAULT_SOURCES) $(BENCH_SOURCES) $(FUZZ_SOURCES) $(wildcard tests/tidy/main.c tests/runner.c))

## tidy          the rules of the house: who includes whom, library doors, no hidden state, ...
tidy: $(TIDY) $(SYMBOLS)
	@$(TIDY) . $(SYMBOLS)

## format        rewrite all C files with clang-format
format:
	@tests/format.sh rewrite $(CLANG_FORMAT) $(C_FILES)

## format-check  tell which C files clang-format would change
format-check:
	@tests/format.sh check $(CLANG_FORMAT) $(C_FILES)

## e2e           the real programs: tests/e2e/test_*.sh and test_*.mjs
e2e: all $(BUILD)/web/test/ready $(RUNNER)
	@$(RUN) $(RUN_E2E)

## demo          install what is missing, build, and show the whole story (DEMO=once ends by itself)
demo:
	@packaging/install-deps.sh build
	+@$(SECOND_MAKE) all
	@DEMO='$(DEMO)' YG_BUILD='$(abspath $(BUILD))' bash packaging/demo.sh

## fuzz          run every fuzz target for FUZZ_SECONDS (30) each
FUZZ_SECONDS ?= 30
FUZZERS := $(call fuzzers,fuzz)
fuzz: $(FUZZERS)
	@set -e; for fuzzer in $(FUZZERS); do name=$$(basename $$fuzzer); \
	    mkdir -p $(BUILD)/corpus/$$name; echo "== $$name"; \
	    $$fuzzer -max_total_time=$(FUZZ_SECONDS) -rss_limit_mb=2048 -timeout=10 -print_final_stats=1 \
	        -artifact_prefix=$(BUILD)/corpus/$$name- $(BUILD)/corpus/$$name \
	        $$(test -d tests/fuzz/corpus/$$name && echo tests/fuzz/corpus/$$name); done

## bench         measure: tests/bench/bench_*.c and bench_*.sh
BENCHES := $(patsubst tests/%.c,$(BUILD)/test/release/%,$(BENCH_SOURCES))
bench: all $(BENCHES)
	@set -e; for bench in $(BENCHES); do echo "== $$(basename $$bench)"; $$bench; done; \
	    for bench in $(sort $(wildcard tests/bench/bench_*.sh)); do echo "== $$(basename $$bench)"; \
	    YG_BUILD='$(abspath $(BUILD))' bash $$bench; done

## bench-console every reading route of the console over a county of RECORDS records, made in FOLDER once
RECORDS ?= 1000000
FOLDER  ?= $(BUILD)/county-$(RECORDS)
bench-console: all $(BUILD)/test/release/bench/bench_county
	@test -e '$(FOLDER)/made' || { rm -rf '$(FOLDER)'; YG_BUILD='$(abspath $(BUILD))' \
	    $(BUILD)/test/release/bench/bench_county '$(FOLDER)' $(RECORDS) && touch '$(FOLDER)/made'; }
	@YG_BUILD='$(abspath $(BUILD))' node tests/bench/bench_console.mjs '$(FOLDER)' $(ROUNDS)

## differential  random answers on real forms, in our engine and in ODK's (needs npm and YG_TEST_DATA)
.PHONY: differential
DIFFERENTIAL := tests/conformance/differential
TRACE := $(BUILD)/test/release/conformance/trace_form
differential: all $(TRACE)
	@mkdir -p $(BUILD)/differential && cp $(DIFFERENTIAL)/* $(BUILD)/differential/
	@if [ ! -d '$(YG_TEST_DATA)/data/forms' ]; then echo '1..0 # SKIP no YG_TEST_DATA'; \
	    elif ! (cd $(BUILD)/differential && npm ci --ignore-scripts --no-audit --no-fund) \
	    > $(BUILD)/differential/npm.log 2>&1; then \
	    echo '1..0 # SKIP the other engine cannot be installed, see $(BUILD)/differential/npm.log'; \
	    else node $(BUILD)/differential/run.mjs '$(abspath $(BUILD))' '$(YG_TEST_DATA)' $(SEEDS); fi

## sim           simulated worlds: SEEDS=100 START=1, one line for each that breaks a promise
.PHONY: sim sim-night
SIM := $(BUILD)/test/$(FLAVOUR)/sim/sim
sim: $(SIM)
	@$(SIM) --seeds $(or $(SEEDS),100) --start $(or $(START),1) --jobs $(JOBS)

## sim-census    how often each thing happens in 500 worlds (SEEDS, START), and which seed shows it
.PHONY: sim-census
sim-census: $(SIM)
	@$(SIM) --seeds $(or $(SEEDS),500) --start $(or $(START),1) --jobs $(JOBS) --census

## sim-crowd     a thousand tablets (TABLETS=n) that come home within three minutes
.PHONY: sim-crowd
sim-crowd: $(SIM)
	@$(SIM) --crowd $(or $(TABLETS),1000)

## sim-night     10,000 worlds, from START on, and the thousand tablets
sim-night: $(SIM)
	@$(SIM) --seeds 10000 --start $(or $(START),1) --jobs $(JOBS)
	@$(SIM) --crowd 1000

## sim-teeth     every mistake that can be planted is found by one of the first 500 worlds
.PHONY: sim-teeth
sim-teeth: $(PLANTED_SIM)
	@$(PLANTED_SIM) --teeth --seeds $(or $(SEEDS),500)

## fault         every request for memory, file, read, write, sync and power, refused, in scenes
#                 (PLAY=save KIND=read: of one; WHICH=7: each seventh; WHICH=places: one from each place)
.PHONY: fault
FAULT := $(BUILD)/test/$(FLAVOUR)/fault/test_fault_plays
fault: $(FAULT)
	@$(FAULT) --full $(or $(PLAY),all) $(or $(KIND),all) $(WHICH)

## coverage      what the tests run of the code that the promises stand on: lines and branches
.PHONY: coverage
coverage: $(call chosen,$(call tests,coverage)) $(RUNNER)
	@find $(BUILD)/obj/coverage -name '*.gcda' -delete
	@$(RUN) --label coverage --limit 300 $(call chosen,$(call tests,coverage)) || true
	@tests/coverage.sh $(BUILD)

## kill9         kill -9 of the real processes on real files: ROUNDS=50 SEED=1
.PHONY: kill9
kill9: all
	@mkdir -p $(BUILD)/kill9
	@TMPDIR='$(abspath $(BUILD)/kill9)' YG_BUILD='$(abspath $(BUILD))' \
	    bash tests/e2e/kill9.sh $(or $(ROUNDS),50) $(or $(SEED),1)

## mutate        slips in merge, reading, wire and votes that no test notices (SAMPLE=100 SEED=1 FILE=part AGAIN=output)
.PHONY: mutate
MUTATE_TESTS := merge reading edit frame vectors slice attachment attachment_pull attachment_sync batch \
    bundle exchange lineage redact snapshot snapshot_sync cases sync vote_profile tally meeting vote_secrecy \
    audit backup plane
MUTATE_FAULT = $(addprefix -Wl$(comma)--wrap=,crypt_stretch $(FAULT_WRAPS)) \
    $(call objects,release,$(FAULT_SOURCES) $(SIM_SOURCES))
mutate: $(MUTATE_TESTS:%=$(BUILD)/test/release/unit/test_%) \
    $(patsubst %,$(BUILD)/test/release/property/test_%,merge wire tally) $(BUILD)/test/release/fault/test_fault_memory
	@node tests/mutate/mutate.mjs $(BUILD) '$(CC)' '$(COMMON) -DYG_VERSION="x"' \
	    '$(PACKAGE_LIBS) -lpthread -lm' --fault '$(MUTATE_FAULT)' --sample $(or $(SAMPLE),100) --seed $(or $(SEED),1) \
	    $(if $(FILE),--file $(FILE)) $(if $(AGAIN),--again $(AGAIN))

## small-worlds  every order of up to STEPS (6) steps of two tablets and their county
.PHONY: small-worlds
SMALL_WORLDS := $(BUILD)/test/$(FLAVOUR)/fault/test_small_worlds
small-worlds: $(SMALL_WORLDS)
	@$(SMALL_WORLDS) $(or $(STEPS),6)

## man           check the man pages
man:
	@tests/man.sh $(wildcard docs/*.[1-8])

## bare          both commands of the README in a bare Debian 12 (needs root and a network)
bare:
	@tests/bare.sh

## install       install programs, man pages and units below DESTDIR/prefix
install: all
	install -D -m 755 $(BUILD)/yg-agent $(DESTDIR)$(prefix)/bin/yg-agent
	install -D -m 755 $(BUILD)/yg-syncd $(DESTDIR)$(prefix)/sbin/yg-syncd
	install -D -m 755 $(BUILD)/yg-verify $(DESTDIR)$(prefix)/bin/yg-verify
	install -D -m 755 packaging/yangguang.sh $(DESTDIR)$(prefix)/bin/yangguang
	install -D -m 644 packaging/yangguang.desktop $(DESTDIR)$(prefix)/share/applications/yangguang.desktop
	install -D -m 644 agent/web/icon.svg \
	    $(DESTDIR)$(prefix)/share/icons/hicolor/scalable/apps/yangguang.svg
	for page in $(wildcard docs/*.[1-8]); do install -D -m 644 $$page \
	    $(DESTDIR)$(prefix)/share/man/man$${page##*.}/$${page##*/}; done
	install -D -m 644 packaging/yg-syncd.service $(DESTDIR)$(prefix)/lib/systemd/system/yg-syncd.service
	install -D -m 644 packaging/yg-syncd.sysusers $(DESTDIR)$(prefix)/lib/sysusers.d/yg-syncd.conf
	sed -i 's|@sbindir@|$(prefix)/sbin|' $(DESTDIR)$(prefix)/lib/systemd/system/yg-syncd.service

## dist          the committed sources as build/yangguang-VERSION.tar.gz
dist:
	@mkdir -p $(BUILD)
	git archive --format=tar.gz --prefix=yangguang-$(VERSION)/ -o $(BUILD)/yangguang-$(VERSION).tar.gz HEAD

## deb           Debian packages in build/deb (needs debhelper)
.PHONY: deb
deb: dist
	rm -rf $(BUILD)/deb && mkdir -p $(BUILD)/deb
	tar -xzf $(BUILD)/yangguang-$(VERSION).tar.gz -C $(BUILD)/deb
	cp -R packaging/debian $(BUILD)/deb/yangguang-$(VERSION)/debian
	cd $(BUILD)/deb/yangguang-$(VERSION) && dpkg-buildpackage -b -us -uc

## clean         remove build/
clean:
	rm -rf $(BUILD)
