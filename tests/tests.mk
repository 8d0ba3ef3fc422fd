# Tests. A unit test names in its first lines the sources it links:   // links: analyzer/live.c analyzer/report/*.c
# and may add flags for itself and for linking:   // flags: -lelf
# A program under tests/programs says its own flags the same way (// flags: -pthread).

unit_src    := $(wildcard tests/unit/test_*.c)
e2e_src     := $(wildcard tests/e2e/test_*.c)
lib_src     := $(wildcard tests/lib/*.c)
program_src := $(wildcard tests/programs/*.c tests/programs/*.cc)
unit_bin    := $(unit_src:%.c=$B/%)
e2e_bin     := $(e2e_src:%.c=$B/%)
lib_obj     := $(lib_src:%.c=$B/%.o)
program_bin := $(patsubst %.c,$B/%,$(filter %.c,$(program_src))) $(patsubst %.cc,$B/%,$(filter %.cc,$(program_src)))
libs_dir    := tests/programs/libs
library_src := $(wildcard $(libs_dir)/*.c $(libs_dir)/*.cc)
library_bin := $(patsubst $(libs_dir)/%.c,$B/$(libs_dir)/%.so,$(filter %.c,$(library_src))) $(patsubst $(libs_dir)/%.cc,$B/$(libs_dir)/%.so,$(filter %.cc,$(library_src)))

check_libs := $(shell pkg-config --libs check 2>/dev/null || echo -lcheck -lsubunit -lrt -lm -lpthread)
directive = $(shell sed -n '1,12s,^// $(1): ,,p' $(2))

# Each linked source is compiled once for all tests: what is the analyzer's is the analyzer's own object, what is the preload's is
# compiled like a part of the test, without what holds for guests only, and sanitized where the test is.
guest_obj  := $(preload_src:%.c=$B/tests/%.o)
linked_obj  = $(patsubst preload/%.c,$B/tests/preload/%.o,$(patsubst analyzer/%.c,$B/analyzer/%.o,$(sort $(wildcard $(call directive,links,$(1))))))

# Kept although only pattern rules name them: else make deletes and builds them anew each time.
.SECONDARY: $(lib_obj) $(guest_obj)

.SECONDEXPANSION:

$B/tests/unit/%: tests/unit/%.c $$(call linked_obj,tests/unit/$$*.c) Makefile tests/tests.mk
	$(call say,TEST,$@)mkdir -p $(@D) && $(CC) $(analyzer_cflags) -MF $@.d -MT $@ -o $@ $< $(filter %.o,$^) $(call directive,flags,$<) $(check_libs)

$B/tests/preload/%.o: preload/%.c Makefile tests/tests.mk
	$(call say,CC,$@)mkdir -p $(@D) && $(CC) $(analyzer_cflags) -c -o $@ $<

# These load libraries that programs load.
$B/tests/unit/test_unwind_libraries $B/tests/unit/test_unwind_stress $B/tests/unit/test_stack_memo_libraries: | $(filter %/stack_first.so %/stack_second.so %/stack_throw.so,$(library_bin))

$B/tests/lib/%.o: tests/lib/%.c
	$(call say,CC,$@)mkdir -p $(@D) && $(CC) $(analyzer_cflags) -c -o $@ $<

$B/tests/e2e/%: tests/e2e/%.c $(lib_obj) Makefile tests/tests.mk
	$(call say,TEST,$@)mkdir -p $(@D) && $(CC) $(analyzer_cflags) -MF $@.d -MT $@ -o $@ $< $(lib_obj) $(call directive,flags,$<) $(check_libs) -ljansson

# Programs are built as users build: -O2 -g, no frame pointers, no warnings beyond the default. They may link the libraries
# beside them (// flags: -l:NAME.so) and find them at run time wherever they are started from.
beside := -L$B/$(libs_dir) -Wl,-rpath,'$$ORIGIN/libs'
$B/tests/programs/%: tests/programs/%.c $(wildcard tests/programs/*.h) tests/tests.mk | $(library_bin)
	$(call say,PROG,$@)mkdir -p $(@D) && $(CC) -std=gnu11 -O2 -g -I. -o $@ $< $(beside) $(call directive,flags,$<)
$B/tests/programs/%: tests/programs/%.cc $(wildcard tests/programs/*.h) tests/tests.mk | $(library_bin)
	$(call say,PROG,$@)mkdir -p $(@D) && $(CXX) -O2 -g -I. -o $@ $< $(beside) $(call directive,flags,$<)
$B/tests/programs/libs/%.so: tests/programs/libs/%.c $(wildcard tests/programs/*.h) tests/tests.mk
	$(call say,LIB,$@)mkdir -p $(@D) && $(CC) -std=gnu11 -O2 -g -I. -fPIC -shared -o $@ $< $(call directive,flags,$<)
$B/tests/programs/libs/%.so: tests/programs/libs/%.cc $(wildcard tests/programs/*.h) tests/tests.mk
	$(call say,LIB,$@)mkdir -p $(@D) && $(CXX) -O2 -g -I. -fPIC -shared -o $@ $< $(call directive,flags,$<)

# Go programs, one folder each; they share one cache of compiled packages, which is most of their time. A variant's flags stand
# in go_flags_VARIANT, and its program is called NAME-VARIANT.
go_src   := $(wildcard tests/programs/go/*/main.go)
go_names := $(filter-out library,$(patsubst tests/programs/go/%/main.go,%,$(go_src))) mixed-stripped mixed-pie mixed-pie_stripped mixed-joined incidents-stripped incidents-pie names-stripped names-pie plain-external library-shared library-shared_stripped library-plugin
go_bin   := $(addprefix $B/tests/programs/go/,$(go_names))
go_build := CGO_ENABLED=1 CC='$(CC)' GO111MODULE=off GOFLAGS= GOTOOLCHAIN=local GOCACHE='$(abspath build/go-cache)' go build
go_flags_stripped := -ldflags='-s -w -buildid='
go_flags_pie      := -buildmode=pie
go_flags_pie_stripped := -buildmode=pie -ldflags='-s -w'
go_flags_external := -ldflags=all=-linkmode=external
go_flags_joined   := -ldflags=-extldflags=-Wl,-z,noseparate-code
go_flags_shared   := -buildmode=c-shared
go_flags_shared_stripped := -buildmode=c-shared -ldflags='-s -w'
go_flags_plugin   := -buildmode=plugin
go_name = $(firstword $(subst -, ,$(notdir $1)))
$(go_bin): $B/tests/programs/go/%: $$(wildcard tests/programs/go/$$(call go_name,$$*)/*) tests/tests.mk
	$(call say,GO,$@)mkdir -p $(@D) && $(go_build) $(go_flags_$(word 2,$(subst -, ,$*))) -o $@ ./tests/programs/go/$(call go_name,$*)

.PHONY: test test-unit test-e2e programs tests
test: test-unit test-e2e ## run all tests (build first; packages from scripts/install-deps)
programs: $(program_bin) $(library_bin) $(go_bin)
tests: $(unit_bin) $(e2e_bin) programs ## build all tests, run none

# The models try fewer events where each costs many times as much.
fewer_events := $(if $(SAN),SEEP_MODEL_EVENTS=300000 SEEP_NURSERY_EVENTS=300000 )

unit_run := $(if $(T),$(filter %/test_$(T),$(unit_bin)),$(unit_bin))
e2e_run  := $(if $(T),$(filter %/test_$(T),$(e2e_bin)),$(e2e_bin))

test-unit: $(unit_run) ## run the unit tests only; T=name runs one
	$(Q)$(fewer_events)scripts/run-tests $(unit_run)

test-e2e: all $(e2e_run) programs ## run seep on programs; T=name runs one
	$(Q)SEEP_BUILD=$B scripts/run-tests $(e2e_run)

# What threads share must also pass under SAN=thread: the unit tests that start threads, but for those whose threads share
# nothing, and the live set's model.
alone_src      := $(patsubst %,tests/unit/test_%.c,report_formats stop stop_calls unwind unwind_libraries)
concurrent_src := $(filter-out $(alone_src),$(sort $(shell grep -l pthread_create $(unit_src)) tests/unit/test_live_model.c tests/unit/test_foresight.c))
.PHONY: test-concurrent build-unit build-concurrent
build-unit: $(unit_bin)
build-concurrent: $(concurrent_src:%.c=$B/%)
test-concurrent: $(concurrent_src:%.c=$B/%) ## run the unit tests about threads; meant for SAN=thread
	$(Q)$(fewer_events)scripts/run-tests $(concurrent_src:%.c=$B/%)

-include $(unit_bin:%=%.d) $(e2e_bin:%=%.d) $(lib_obj:.o=.d) $(guest_obj:.o=.d)
