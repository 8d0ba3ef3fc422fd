// A small settings reader with a cache, of the kind one finds in real programs, and with the leak one finds
// there: cache_put() replaces an entry of the same name, and forgets the one it replaces. 3 of the 5 lines
// below set a name anew: 3 entries and 3 values are leaked, 6 blocks.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    struct entry *next;
    char *value;
    char name[16];
};

static struct entry *cache[8];

static struct entry **slot_of(const char *name) {
    struct entry **slot = &cache[(unsigned char)name[0] % 8];
    while (*slot != NULL && strcmp((*slot)->name, name) != 0)
        slot = &(*slot)->next;
    return slot;
}

static struct entry *entry_new(const char *name, const char *value) {
    struct entry *entry = calloc(1, sizeof *entry);
    if (entry == NULL || (entry->value = strdup(value)) == NULL)
        abort();
    snprintf(entry->name, sizeof entry->name, "%s", name);
    return entry;
}

static void cache_put(const char *name, const char *value) {
    struct entry **slot = slot_of(name), *entry = entry_new(name, value);
    if (*slot != NULL)
        entry->next = (*slot)->next; // and the old entry is lost
    *slot = entry;
}

static void read_line(char *line) {
    char *equals = strchr(line, '=');
    if (equals == NULL)
        return;
    *equals = '\0';
    cache_put(line, equals + 1);
}

static void read_settings(const char *text) {
    char *copy = strdup(text), *rest = copy, *line;
    if (copy == NULL)
        abort();
    while ((line = strsep(&rest, "\n")) != NULL)
        read_line(line);
    free(copy);
}

static void cache_clear(void) {
    for (int i = 0; i < 8; i++)
        while (cache[i] != NULL) {
            struct entry *entry = cache[i];
            cache[i] = entry->next;
            free(entry->value);
            free(entry);
        }
}

int main(void) {
    read_settings("colour=red\nsize=12");
    read_settings("colour=green\nsize=14\ncolour=blue");
    fprintf(stderr, "colour is %s, size is %s\n", (*slot_of("colour"))->value, (*slot_of("size"))->value);
    cache_clear();
    return 0;
}
