// The help texts, from the rows of options.def. Called by the help command; prints nothing itself.
#include "analyzer/options_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HELP_COLUMNS = 96, TEXT_COLUMN = 30 };

// Words up to the end of the line, further lines indented to the column; begins at that column.
static void print_wrapped(FILE *out, const char *text) {
    size_t at = TEXT_COLUMN;
    while (*text) {
        size_t word = strcspn(text, " ");
        if (at > TEXT_COLUMN && at + 1 + word > HELP_COLUMNS) {
            fprintf(out, "\n%*s", TEXT_COLUMN, "");
            at = TEXT_COLUMN;
        } else if (at > TEXT_COLUMN) {
            fputc(' ', out);
            at++;
        }
        fwrite(text, 1, word, out);
        at += word;
        text += word + strspn(text + word, " ");
    }
}

static void print_option(FILE *out, const struct option_row *row) {
    char name[64];
    int length = snprintf(name, sizeof name, "  %c%c%s --%s%s%s", row->letter ? '-' : ' ',
                          row->letter ? row->letter : ' ', row->letter ? "," : " ", row->name,
                          row->argument ? " " : "", row->argument ? row->argument : "");
    if (length >= TEXT_COLUMN)
        fprintf(out, "%s\n%*s", name, TEXT_COLUMN, "");
    else
        fprintf(out, "%-*s", TEXT_COLUMN, name);
    char text[256];
    snprintf(text, sizeof text, "%s%s%s%s", row->help, row->otherwise ? " (default: " : "",
             row->otherwise ? row->otherwise : "", row->otherwise ? ")" : "");
    print_wrapped(out, text);
    fputc('\n', out);
}

static void print_options(FILE *out, enum command command) {
    fputs("\noptions:\n", out);
    for (enum option_id id = 0; id < OPTIONS; id++)
        if (option_rows[id].commands & 1u << command && !option_rows[id].later)
            print_option(out, &option_rows[id]);
    const char *separator = "\nnot in this version yet: --";
    for (enum option_id id = 0; id < OPTIONS; id++)
        if (option_rows[id].commands & 1u << command && option_rows[id].later) {
            fprintf(out, "%s%s", separator, option_rows[id].name);
            separator = " --";
        }
    if (separator[0] == ' ')
        fputc('\n', out);
}

static void print_formats(FILE *out) {
    fputs("\nformats:\n", out);
#define FORMAT(name, writer, whom) fprintf(out, "  %-*s%s\n", TEXT_COLUMN - 2, #name, whom);
#define FORMAT_BINARY              FORMAT
#define FORMAT_LATER(...)
#include "analyzer/report/formats.def"
#undef FORMAT
#undef FORMAT_BINARY
#undef FORMAT_LATER
}

static void print_run_notes(FILE *out) {
    fputs("\nThe exit status is PROGRAM's own, 128+N if signal N ended it; 125: seep itself failed; 126: "
          "PROGRAM\n"
          "cannot be run under seep; 127: it was not found. Without seep run: LD_PRELOAD=.../libseep.so "
          "PROGRAM,\n"
          "with the same options in SEEP_OPTIONS.\n",
          out);
}

static void print_command_help(FILE *out, const struct command_row *row) {
    fprintf(out, "usage: seep %s%s%s\n\n  %s%s\n", row->name, *row->operands ? " " : "", row->operands,
            row->summary, row->later ? "; not in this version yet" : "");
    if (row->later)
        return;
    print_options(out, row->id);
    if (row->id == COMMAND_RUN || row->id == COMMAND_REPORT)
        print_formats(out);
    if (row->id == COMMAND_RUN)
        print_run_notes(out);
}

static void print_overview(FILE *out) {
    fputs("seep finds native resource leaks in any dynamically linked Linux program, without a rebuild.\n\n"
          "usage: seep COMMAND [ARG...]\n\ncommands:\n",
          out);
    for (size_t i = 0; i < command_row_count; i++)
        if (!command_rows[i].later)
            fprintf(out, "  %-10s%s\n", command_rows[i].name, command_rows[i].summary);
    fputs("\nto begin with: seep run -- PROGRAM\nthe options of a command: seep help COMMAND\n", out);
}

char *options_help(const char *command) {
    const struct command_row *row = command ? command_row_find(command, strlen(command)) : NULL;
    if (command && !row)
        return NULL;
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    if (!out)
        return NULL;
    if (row)
        print_command_help(out, row);
    else
        print_overview(out);
    fclose(out);
    return text;
}
