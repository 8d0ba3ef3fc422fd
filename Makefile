# seep: build, test, install. `make help` lists the targets, `V=1` shows the commands.
# CC=clang, SAN=address,undefined or SAN=thread and OPT=-O0 build variants, each in its own folder.

CC ?= gcc
CXX ?= g++
ifeq ($(origin CC),default)
CC := gcc
endif
ifeq ($(origin CXX),default)
CXX := g++
endif
OPT ?= -O2
SAN ?=
PREFIX ?= /usr/local
DESTDIR ?=
VERSION := 0.1.0

comma := ,
empty :=
variant := $(if $(SAN),-$(subst $(comma),-,$(SAN)))$(if $(filter clang%,$(notdir $(CC))),-clang)$(subst $(empty) ,,$(filter-out -O2,$(OPT)))
B := build$(if $(strip $(variant)),/variant$(variant))

Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-7s %s\n' '$(1)' '$(2)';)

warnings := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wwrite-strings -Wundef -Werror=implicit-function-declaration $(if $(WERROR),-Werror)
sanitize := $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all)
common   := -std=gnu11 -g $(OPT) -I. $(warnings) -MMD -MP -DSEEP_VERSION='"$(VERSION)"'

# The preload is never sanitized: it is a guest in programs that may be.
preload_cflags  := $(common) -D_GNU_SOURCE -include preload/poison.h -fPIC -fvisibility=hidden -ftls-model=initial-exec -fno-omit-frame-pointer \
                   -fno-stack-protector -fno-plt -U_FORTIFY_SOURCE $(if $(findstring clang,$(CC)),,-fno-tree-loop-distribute-patterns) -fno-builtin-malloc -fno-builtin-calloc -fno-builtin-realloc -fno-builtin-free
preload_ldflags := -shared -Wl,-z,initfirst -Wl,-z,defs -Wl,-z,now -Wl,-z,relro -Wl,-soname,libseep.so -Wl,--hash-style=both
analyzer_cflags := $(common) -D_GNU_SOURCE $(sanitize)
analyzer_libs   := -ldw -lelf -ljansson -lz -l:libiberty.a -lpthread

preload_src  := $(wildcard preload/*.c)
analyzer_src := $(wildcard analyzer/*.c analyzer/*/*.c)
preload_obj  := $(preload_src:%.c=$B/%.o)
analyzer_obj := $(analyzer_src:%.c=$B/%.o)

.PHONY: all
all: $B/libseep.so $B/seep ## build build/seep and build/libseep.so (the default)

$B/libseep.so: $(preload_obj) $B/preload/exports.map
	$(call say,LD,$@)$(CC) $(preload_ldflags) -Wl,--version-script=$B/preload/exports.map -o $@ $(preload_obj)

# What libseep.so exports is what hooks.def lists and nothing else.
$B/preload/exports.map: preload/hooks.def
	$(call say,GEN,$@)mkdir -p $(@D) && { printf '{ global:\n'; sed -n 's/^HOOK(\([a-z_A-Z0-9]*\).*/  \1;/p' $<; printf 'local: *; };\n'; } > $@

$B/seep: $(analyzer_obj)
	$(call say,LD,$@)$(CC) $(sanitize) -o $@ $(analyzer_obj) $(analyzer_libs)

$B/preload/%.o: preload/%.c Makefile
	$(call say,CC,$@)mkdir -p $(@D) && $(CC) $(preload_cflags) -c -o $@ $<

$B/analyzer/%.o: analyzer/%.c Makefile
	$(call say,CC,$@)mkdir -p $(@D) && $(CC) $(analyzer_cflags) -c -o $@ $<

include tests/tests.mk

$B/bench/%: bench/%.c
	$(call say,PROG,$@)mkdir -p $(@D) && $(CC) -std=gnu11 -D_GNU_SOURCE -O2 -g -o $@ $< -pthread
# The live set alone, without the program, the rings and the analyzer around it.
$B/bench/live: tests/bench/bench_live.c tests/bench/bench.h $(wildcard analyzer/live*.c analyzer/live*.h) analyzer/must.h
	$(call say,PROG,$@)mkdir -p $(@D) && $(CC) -std=gnu11 -D_GNU_SOURCE -O2 -g -I. -o $@ $(filter %.c,$^)
# The verdict alone: another process holds the heap, and does nothing else.
$B/bench/classify: tests/bench/bench_classify.c tests/bench/bench.h $(call linked,tests/bench/bench_classify.c) $(wildcard analyzer/verdict/*.h) analyzer/vector.h analyzer/must.h
	$(call say,PROG,$@)mkdir -p $(@D) && $(CC) -std=gnu11 -D_GNU_SOURCE -O2 -g -I. -o $@ $< $(call directive,links,$<)

man := $(wildcard docs/man/*.1)
prefix_dir = $(DESTDIR)$(PREFIX)
# What was given on the command line goes on to the scripts, which call make again.
given = $(foreach name,CC CXX OPT SAN V WERROR,$(if $(filter command% environment%,$(origin $(name))),$(name)='$($(name))'))

.PHONY: try check install uninstall bench format lint fuzz
try: ## from a fresh clone to a first report: packages, build, a leaky program under seep
	$(Q)scripts/try

check: ## from a fresh clone to a passed test suite: packages, build, all tests
	$(Q)scripts/check $(given)

install: all ## install to PREFIX (/usr/local), below DESTDIR
	$(Q)install -d '$(prefix_dir)/bin' '$(prefix_dir)/lib/seep'
	$(Q)install -m 755 $B/seep '$(prefix_dir)/bin/seep'
	$(Q)install -m 644 $B/libseep.so '$(prefix_dir)/lib/seep/libseep.so'
	$(if $(man),$(Q)install -d '$(prefix_dir)/share/man/man1' && install -m 644 $(man) '$(prefix_dir)/share/man/man1')

uninstall: ## remove what install put there
	$(Q)rm -f '$(prefix_dir)/bin/seep' '$(prefix_dir)/lib/seep/libseep.so' $(man:docs/man/%='$(prefix_dir)/share/man/man1/%')
	$(Q)rmdir '$(prefix_dir)/lib/seep' 2>/dev/null || true

# Those in Go are built where there is a Go toolchain.
go_bench := $(patsubst bench/go/%/main.go,$B/bench/go/%,$(wildcard bench/go/*/main.go))
$(go_bench): $B/bench/go/%: bench/go/%/main.go
	$(call say,GO,$@)mkdir -p $(@D) && $(go_build) -o $@ ./bench/go/$*

bench: all $(patsubst %.c,$B/%,$(wildcard bench/*.c)) $B/bench/live $B/bench/classify $$(if $$(shell command -v go),$$(go_bench)) ## measure what seep costs, beside whichever peers are installed
	$(Q)SEEP_BUILD=$B scripts/bench

format: ## lay the code out as .clang-format says
	$(Q)scripts/check-format --fix

lint: ## static analysis and the project's own checks
	$(Q)scripts/lint
	$(Q)scripts/check-layers
	$(Q)scripts/check-format
	$(Q)scripts/check-hooks

fuzz: ## a minute of fuzzing for each target in tests/fuzz
	$(Q)scripts/fuzz

.PHONY: clean
clean: ## remove everything that was built
	$(Q)rm -rf build

.PHONY: help
help: ## list the targets
	$(Q)grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sort | awk -F':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

-include $(preload_obj:.o=.d) $(analyzer_obj:.o=.d)
