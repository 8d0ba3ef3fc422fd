// What each syntax has special characters for; see escape_syntax.h. Called by the writers.
#include "analyzer/report/escape_syntax.h"

#include "analyzer/report/escape.h"

#include <string.h>

static const char *xml_special(char c) {
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&apos;";
    default:
        return NULL;
    }
}

void escape_xml(FILE *out, const char *text) {
    escape_print_with(out, text, xml_special);
}

static const char *markdown_special(char c) {
    static const char marks[] = "\"#$&'*:<>@[\\]_`{|}~!()";
    static const char *const references[] = {"&#34;",  "&#35;", "&#36;", "&amp;",  "&#39;",  "&#42;",
                                             "&#58;",  "&lt;",  "&gt;",  "&#64;",  "&#91;",  "&#92;",
                                             "&#93;",  "&#95;", "&#96;", "&#123;", "&#124;", "&#125;",
                                             "&#126;", "&#33;", "&#40;", "&#41;"};
    const char *mark = strchr(marks, c);
    return mark ? references[mark - marks] : NULL;
}

void escape_markdown(FILE *out, const char *text) {
    escape_print_with(out, text, markdown_special);
}

static const char *data_special(char c) {
    return c == '%' ? "%25" : NULL; // line ends never come this far
}

static const char *property_special(char c) {
    return c == '%' ? "%25" : c == ':' ? "%3A" : c == ',' ? "%2C" : NULL;
}

void escape_github_data(FILE *out, const char *text) {
    escape_print_with(out, text, data_special);
}

void escape_github_property(FILE *out, const char *text) {
    escape_print_with(out, text, property_special);
}

static const char *folded_special(char c) {
    return c == ';' ? "\\x3b" : NULL;
}

void escape_folded(FILE *out, const char *text) {
    escape_print_with(out, text, folded_special);
}

void escape_uri_path(FILE *out, const char *path) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/";
    for (; *path; path++)
        if (strchr(plain, *path))
            fputc(*path, out);
        else
            fprintf(out, "%%%02X", (unsigned char)*path);
}
