// Names inside the syntaxes that the formats are written in. All build on escape_print(): one line, valid
// UTF-8, control and invisible characters as \n, \xBB or \u{202e}; and nothing in a name ends or opens
// anything of the syntax around it. NULL prints nothing.
#pragma once

#include <stdio.h>

// XML, in character data and in attributes with either quote.
void escape_xml(FILE *out, const char *text);

// Markdown and HTML: within a line of Markdown, a table's cell, or an HTML element. Every mark that either
// gives a meaning to comes as a character reference. Mentions (@name) and links are made from what is shown,
// so names belong within <code> or <pre> all the same.
void escape_markdown(FILE *out, const char *text);

// Workflow commands of GitHub Actions (::error file=PROPERTY::DATA).
void escape_github_data(FILE *out, const char *text);
void escape_github_property(FILE *out, const char *text);

// A frame in a folded stack: a semicolon comes as \x3b.
void escape_folded(FILE *out, const char *text);

// A path as a relative reference of RFC 3986. Bytes stay what they are: not even those that are not UTF-8 are
// escaped otherwise than by percent signs, so that the path can be had back.
void escape_uri_path(FILE *out, const char *path);
