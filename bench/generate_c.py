#!/usr/bin/env python3
"""Writes a C file that keeps a compiler busy: many functions with loops, structures, switches and calls.
usage: generate_c.py FUNCTIONS > file.c"""
import random
import sys


def expression(rng, depth):
    if depth == 0:
        return rng.choice(["a", "b", "s->x", "s->y", "table[(unsigned)a % 64]", str(rng.randrange(1, 99))])
    left, right = expression(rng, depth - 1), expression(rng, depth - 1)
    return f"({left} {rng.choice('+-*^&|')} {right})"


def function(rng, number):
    lines = [f"static int step_{number}(struct pair *s, int a, int b) {{", "    int sum = 0;"]
    for i in range(6):
        lines += [
            f"    for (int i = 0; i < (a & {rng.randrange(7, 63)}); i++) {{",
            f"        sum += {expression(rng, 3)} + table[(unsigned)(i * {rng.randrange(1, 9)}) % 64];",
            f"        if (sum > {rng.randrange(1000)}) s->{rng.choice('xy')} ^= sum; else b += {expression(rng, 2)};",
            "    }",
        ]
    lines.append("    switch ((unsigned)sum % 8) {")
    for case in range(8):
        callee = f"step_{rng.randrange(max(0, number - 20), number)}(s, b, sum)" if number else "a"
        lines.append(f"    case {case}: return {expression(rng, 2)} + {callee};")
    return lines + ["    }", "    return sum;", "}", ""]


def main():
    count = int(sys.argv[1])
    rng = random.Random(count)
    print("struct pair { int x, y; };\nstatic int table[64];\n")
    for number in range(count):
        print("\n".join(function(rng, number)))
    print("int entry(struct pair *s, int a, int b) {\n    return 0")
    for number in range(count):
        print(f"        ^ step_{number}(s, a, b)")
    print("        ;\n}")


main()
