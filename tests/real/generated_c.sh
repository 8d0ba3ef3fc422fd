# shellcheck shell=sh
# Writes generated.c: 250 functions with types of their own, for a compiler to chew.
awk 'BEGIN {
    for (i = 0; i < 250; i++) {
        printf "struct s%d { int a, b; struct s%d *next; double d[%d]; };\n", i, i, i % 7 + 1
        printf "static int f%d(struct s%d *p, int n) {\n  int t = %d;\n  for (int j = 0; j < n; j++) {\n", i, i, i
        printf "    if (p->a > j) t += p->b * j; else t -= (int)p->d[0];\n    if (p->next) p = p->next;\n  }\n  return t;\n}\n"
        printf "int g%d(struct s%d *p) { return f%d(p, p->a) + f%d(p->next, 3); }\n", i, i, i, i
    }
}' >generated.c
head -100 generated.c >small.c
