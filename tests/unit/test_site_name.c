// links: analyzer/site_name.c
// Names lose what varies between builds, and nothing else.
#include "analyzer/site_name.h"
#include "tests/lib/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *function, *normal;
} names[] = {
    {"parse", "parse"},
    {"main.(*Cache).Put", "main.Cache.Put"},
    {"host.org/a/b.v2/pkg.(*Set[go.shape.int_0]).Add.func1", "host.org/a/b.v2/pkg.Set.Add.func1"},
    {"parse.isra.0", "parse"},
    {"parse.part.0.cold", "parse"},
    {"parse.constprop.1", "parse"},
    {"parse.lto_priv.42", "parse"},
    {"parse.llvm.1234567890", "parse"},
    {"parse.cold", "parse"},
    {"parse.party", "parse.party"},
    {"load(char const*, int)", "load"},
    {"load(int) [clone .isra.0]", "load"},
    {"ns::Parser::load(std::vector<int, std::allocator<int> > const&) const", "ns::Parser::load"},
    {"void ns::fill<int, std::less<int> >(int*)", "ns::fill"},
    {"std::map<int, int>* ns::make<4>()", "ns::make"},
    {"ns::Box<int>::Box(int)", "ns::Box::Box"},
    {"ns::Box<int>::~Box()", "ns::Box::~Box"},
    {"(anonymous namespace)::load(int)", "load"},
    {"ns::(anonymous namespace)::Box<int>::get() &&", "ns::Box::get"},
    {"name[abi:cxx11](int)", "name"},
    {"std::__cxx11::basic_string<char>::_M_create(unsigned long&, unsigned long)",
     "std::basic_string::_M_create"},
    {"operator new(unsigned long)", "operator new"},
    {"operator new[](unsigned long)", "operator new[]"},
    {"A::operator()(int) const", "A::operator()"},
    {"A::operator[](int)", "A::operator[]"},
    {"A::operator->() const", "A::operator->"},
    {"std::ostream& operator<< <char>(std::ostream&, char)", "operator<<"},
    {"bool operator< <int>(A<int> const&, A<int> const&)", "operator<"},
    {"my_operator(int)", "my_operator"},
    {"main::{lambda(int)#1}::operator()(int) const", "main::{lambda}::operator()"},
    {"main::$_0::operator()(int) const", "main::{lambda}::operator()"},
    {"main::'lambda'(int)::operator()(int) const", "main::{lambda}::operator()"},
    {"f(int)::Local::g(char)", "f::Local::g"},
    {"krate::load::h0123456789abcdef", "krate::load"},
    {"krate[9f3c0d2a]::load::<u8>", "krate::load"},
    {"krate::main::{{closure}}", "krate::main::{closure}"},
    {"krate::main::{closure#3}", "krate::main::{closure}"},
    {"<krate::Parser as krate::Load>::load", "krate::Parser::load"},
    {"<alloc::vec::Vec<T,A> as core::ops::drop::Drop>::drop", "alloc::vec::Vec::drop"},
    {"core::ops::function::FnOnce::call_once{{vtable.shim}}",
     "core::ops::function::FnOnce::call_once{vtable}"},
    {"main.load", "main.load"},
    {"main.main.func1", "main.main.func1"},
    {"", ""},
    {"<", "<"},
    {"((((", "(((("},
    {"a)>]}b", "a)>]}b"},
    {"operator", "operator"},
    {"{", "{}"},
    {"'lambda", "{lambda}"},
};

START_TEST(what_varies_between_builds_goes) {
    char out[SITE_NAME_BYTES];
    site_name_normalize(names[_i].function, out, sizeof out);
    ck_assert_msg(strcmp(out, names[_i].normal) == 0, "%s: %s", names[_i].function, out);
}
END_TEST

START_TEST(long_names_are_cut_alike) {
    static char name[1 << 16];
    memset(name, 'x', sizeof name - 1);
    char out[SITE_NAME_BYTES + 1];
    out[SITE_NAME_BYTES] = '!';
    site_name_normalize(name, out, SITE_NAME_BYTES);
    ck_assert_uint_eq(strlen(out), SITE_NAME_BYTES - 1);
    ck_assert_int_eq(out[SITE_NAME_BYTES], '!');
}
END_TEST

START_TEST(run_times_are_known_by_name) {
    static const char *const runtime[] = {"std::vector::push_back", "operator new", "_start",
                                          "runtime.cgocall"};
    static const char *const own[] = {"main", "core::load", "alloc::load", "start", "stdio::load"};
    for (size_t i = 0; i < sizeof runtime / sizeof runtime[0]; i++)
        ck_assert_msg(site_name_is_runtime(runtime[i], false), "%s", runtime[i]);
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        ck_assert_msg(!site_name_is_runtime(own[i], false), "%s", own[i]);
    ck_assert(site_name_is_runtime("core::ops::drop", true));
    ck_assert(!site_name_is_runtime("main", true));
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_loop_test(tests, what_varies_between_builds_goes, 0, sizeof names / sizeof names[0]);
    tcase_add_test(tests, long_names_are_cut_alike);
    tcase_add_test(tests, run_times_are_known_by_name);
}
SEEP_TEST_MAIN("site names")
