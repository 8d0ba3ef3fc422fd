// See site_name.h. Works on text alone: names may come from anywhere, so nothing here relies on brackets that
// match. Called by site_id.c and by gate/, which matches and shows names.
#include "analyzer/site_name.h"

#include <ctype.h>
#include <string.h>

struct writer {
    char *out;
    size_t used, room; // one byte is kept for the end
};

static void put(struct writer *w, const char *text, size_t bytes) {
    for (size_t i = 0; i < bytes && w->used + 1 < w->room; i++)
        w->out[w->used++] = text[i];
}

static void put_word(struct writer *w, const char *word) {
    put(w, word, strlen(word));
}

static bool starts(const char *at, const char *end, const char *word) {
    size_t bytes = strlen(word);
    return (size_t)(end - at) >= bytes && memcmp(at, word, bytes) == 0;
}

static bool in_word(char c) {
    return isalnum((unsigned char)c) || c == '_';
}

// Behind the bracket that closes the one at `at`, or the end. Within parameters and template arguments "->"
// and operators' signs are rare, and what is skipped does not matter: only that the same text is skipped
// alike.
static const char *skip_brackets(const char *at, const char *end) {
    size_t depth = 0;
    for (; at < end; at++) {
        if (*at == '-' && at + 1 < end && at[1] == '>') {
            at++;
            continue;
        }
        if (strchr("(<[{", *at))
            depth++;
        else if (strchr(")>]}", *at) && --depth == 0)
            return at + 1;
    }
    return end;
}

// The end of the name proper: before what compilers append to the symbols of clones, and before Rust's hash.
static const char *end_of_name(const char *name) {
    static const char *const suffixes[] = {".isra",     ".constprop", ".cold", ".part",
                                           ".lto_priv", ".llvm",      ".clone"};
    const char *end = name + strlen(name);
    const char *clone = strstr(name, " [clone ");
    if (clone)
        end = clone;
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        const char *at = strstr(name, suffixes[i]);
        const char *behind = at ? at + strlen(suffixes[i]) : NULL;
        if (at && at > name && at < end &&
            (!*behind || (*behind == '.' && isalnum((unsigned char)behind[1]))))
            end = at;
    }
    if (end - name > 19 && memcmp(end - 19, "::h", 3) == 0) {
        size_t digits = 0;
        while (digits < 16 && strchr("0123456789abcdef", end[(ptrdiff_t)digits - 16]))
            digits++;
        if (digits == 16)
            end -= 19;
    }
    return end;
}

// operator<<, operator(), operator[] and their like: the signs belong to the name.
static const char *put_operator(struct writer *w, const char *at, const char *end) {
    put_word(w, "operator");
    at += strlen("operator");
    if (starts(at, end, "()") || starts(at, end, "[]")) {
        put(w, at, 2);
        return at + 2;
    }
    while (at < end && strchr("<>=-+*/%^&|~!,", *at))
        put(w, at++, 1);
    return at;
}

static void normalize(struct writer *w, const char *at, const char *end);

// Rust's <Type as Trait>::f is Type::f.
static const char *put_qualified(struct writer *w, const char *at, const char *end) {
    const char *behind = skip_brackets(at, end), *inner_end = behind > at + 1 ? behind - 1 : behind;
    const char *inner = at + 1;
    for (const char *p = inner; p < inner_end; p++) {
        if (strchr("<([{", *p)) {
            p = skip_brackets(p, inner_end) - 1;
        } else if (starts(p, inner_end, " as ")) {
            inner_end = p;
            break;
        }
    }
    while (inner < inner_end && (*inner == '&' || *inner == '*' || *inner == '<'))
        inner++;
    normalize(w, inner, inner_end);
    return behind;
}

// {lambda(int)#1}, {closure#0}, {{closure}}, {shim:vtable#0}: the word is kept, the number is not.
static const char *put_unnamed(struct writer *w, const char *at, const char *end) {
    const char *behind = skip_brackets(at, end), *word = at + 1;
    while (word < behind && *word == '{')
        word++;
    size_t bytes = 0;
    while (word + bytes < behind && in_word(word[bytes]))
        bytes++;
    put_word(w, "{");
    put(w, word, bytes);
    put_word(w, "}");
    return behind;
}

// (*Set[int]) of Go's methods is Set.
static const char *put_receiver(struct writer *w, const char *at, const char *end) {
    const char *behind = skip_brackets(at, end);
    normalize(w, at + 2, behind > at + 2 ? behind - 1 : behind);
    return behind;
}

// One step through the name: what stands at `at` is copied, replaced or left out.
static const char *step(struct writer *w, const char *begin, const char *at, const char *end) {
    static const char *const unnamed_spaces[] = {"(anonymous namespace)::", "{anonymous}::", "__cxx11::"};
    for (size_t i = 0; i < sizeof unnamed_spaces / sizeof unnamed_spaces[0]; i++)
        if (starts(at, end, unnamed_spaces[i]))
            return at + strlen(unnamed_spaces[i]);
    bool fresh = at == begin || !in_word(at[-1]);
    if (fresh && starts(at, end, "operator") && (at + 8 == end || !in_word(at[8])))
        return put_operator(w, at, end);
    if (starts(at, end, "'lambda"))
        return put_word(w, "{lambda}"),
               at + strcspn(at + 1, "'") + 2 > end ? end : at + strcspn(at + 1, "'") + 2;
    if (fresh && starts(at, end, "$_")) {
        put_word(w, "{lambda}");
        at += 2;
        while (at < end && isdigit((unsigned char)*at))
            at++;
        return at;
    }
    if (*at == '<' && w->used == 0)
        return put_qualified(w, at, end);
    if (*at == '{')
        return put_unnamed(w, at, end);
    if (starts(at, end, "[]"))
        return put(w, at, 2), at + 2;
    if (at > begin && at[-1] == '.' && starts(at, end, "(*")) // Go's package.(*Type).Method
        return put_receiver(w, at, end);
    if (strchr("(<[", *at)) {
        if (w->used >= 2 && memcmp(w->out + w->used - 2, "::", 2) == 0)
            w->used -= 2; // Rust's f::<T>
        return skip_brackets(at, end);
    }
    return put(w, at, 1), at + 1;
}

static void normalize(struct writer *w, const char *at, const char *end) {
    for (const char *begin = at; at < end;)
        at = step(w, begin, at, end);
}

// " const" and "&&" behind the parameters; spaces.
static void cut_qualifiers(struct writer *w) {
    static const char *const words[] = {" const", " volatile", " &&", " &", " "};
    for (bool again = true; again;) {
        again = false;
        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
            size_t bytes = strlen(words[i]);
            if (w->used > bytes && memcmp(w->out + w->used - bytes, words[i], bytes) == 0) {
                w->used -= bytes;
                again = true;
            }
        }
    }
    w->out[w->used] = '\0';
}

// A return type, which only templates' names have, ends with the last blank before the name.
static void cut_return_type(struct writer *w) {
    const char *stop = strstr(w->out, "operator");
    const char *last = stop && (stop == w->out || !in_word(stop[-1])) ? stop : w->out + w->used;
    while (last > w->out && last[-1] != ' ')
        last--;
    w->used -= (size_t)(last - w->out);
    memmove(w->out, last, w->used + 1);
}

// Most names of C: there is nothing to leave out.
static bool is_plain(const char *function, size_t *bytes) {
    size_t i = 0;
    while (in_word(function[i]))
        i++;
    *bytes = i;
    return i > 0 && !function[i];
}

void site_name_normalize(const char *function, char *out, size_t out_bytes) {
    struct writer w = {.out = out, .room = out_bytes};
    size_t bytes;
    if (is_plain(function, &bytes)) {
        put(&w, function, bytes);
        out[w.used] = '\0';
        return;
    }
    normalize(&w, function, end_of_name(function));
    cut_qualifiers(&w);
    cut_return_type(&w);
    if (w.used == 0) // nothing but brackets: better as it is
        put(&w, function, strlen(function));
    out[w.used] = '\0';
}

static bool begins_with_any(const char *name, const char *const *words) {
    for (; *words; words++)
        if (strncmp(name, *words, strlen(*words)) == 0)
            return true;
    return false;
}

bool site_name_is_runtime(const char *normal, bool rust) {
    static const char *const always[] = {"std::",
                                         "__gnu_cxx::",
                                         "__cxxabiv1::",
                                         "operator new",
                                         "__rust_",
                                         "__rdl_",
                                         "__rg_",
                                         "runtime.",
                                         "_cgo_",
                                         "__cxx_global_var_init",
                                         "_GLOBAL__",
                                         "__static_initialization_and_destruction_0",
                                         NULL};
    static const char *const in_rust[] = {"core::", "alloc::", "hashbrown::", NULL};
    return strcmp(normal, "_start") == 0 || begins_with_any(normal, always) ||
           (rust && begins_with_any(normal, in_rust));
}
