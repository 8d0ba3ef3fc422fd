"""How long verdicts stop real programs: the pause, the part of it in which memory was read, and how many bytes that were, as
the report says them, for each program with a heap and with ten times the heap. The pause also lists and sorts the blocks and
finds the roots. Best of several rounds: other work on the machine only adds.
Usage: bench/pauses.py [NAME-PART [ROUNDS]]"""
import json
import os
import shutil
import subprocess
import sys
import tempfile

BUILD = os.path.abspath(os.environ.get("SEEP_BUILD", "build"))
HEAP = os.path.join(BUILD, "bench/heap")

# name, command for a heap of N, the smaller N; arguments in which {n} is N
PROGRAMS = [
    ("python3, dicts", ["/usr/bin/python3", "-c", "d = [{{'id': i, 'name': str(i), 'tags': [i]}} for i in range({n})]; import os; os._exit(0)"], 100000, {}),
    ("python3, each object by malloc", ["/usr/bin/python3", "-c", "d = [{{'id': i, 'name': str(i)}} for i in range({n})]; import os; os._exit(0)"], 100000,
     {"PYTHONMALLOC": "malloc"}),
    ("perl, arrays in a hash", ["perl", "-e", "my %h; $h{{$_}} = [$_, $_ + 1] for 1 .. {n}; use POSIX; POSIX::_exit(0)"], 100000, {}),
    ("sqlite3, rows in memory", ["sqlite3", ":memory:",
                                 "create table t(a, b, c); with recursive r(i) as (select 1 union all select i + 1 from r where i < {n})"
                                 " insert into t select i, 'name ' || i, i * 1.5 from r; create index x on t(b); .exit 0"], 200000, {}),
    ("C, 1,000 bytes in a table", [HEAP, "table", "{n}", "1000"], 100000, {}),
    ("C, 200 bytes in a table", [HEAP, "table", "{n}", "200"], 500000, {}),
    ("C, tree of 100 bytes", [HEAP, "tree", "{n}", "100"], 500000, {}),
    ("C, list of 56 bytes", [HEAP, "list", "{n}", "56"], 500000, {}),
]


def run_once(command, environment, report):
    subprocess.run([os.path.join(BUILD, "seep"), "run", "--format", "json=" + report, "--", *command], check=False,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
                   env={**os.environ, **environment})
    with open(report, encoding="utf-8") as file:
        return json.load(file)["processes"][0]


def measure(words, count, environment, rounds):
    """(seconds of the pause, seconds of reading, bytes, blocks)"""
    command = [word.format(n=count) for word in words]
    with tempfile.TemporaryDirectory() as folder:
        runs = [run_once(command, environment, os.path.join(folder, "report")) for _ in range(rounds)]
    scans = [run["scan"] for run in runs]
    return (min(scan["pause"] for scan in scans), min(scan["reading"] for scan in scans), scans[0]["scanned_bytes"],
            runs[0]["totals"]["heap"]["outstanding_blocks"])


def main():
    part = sys.argv[1] if len(sys.argv) > 1 else ""
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    print("%-32s %9s %6s %9s %7s %6s %10s %7s %6s" % ("program", "blocks", "MB", "pause, s", "GB/s", "ratio", "reading, s",
                                                       "GB/s", "ratio"))
    for name, words, count, environment in PROGRAMS:
        if part not in name or not shutil.which(words[0]):
            continue
        less = measure(words, count, environment, rounds)
        pause, reading, size, blocks = measure(words, 10 * count, environment, rounds)
        print("%-32s %9d %6.0f %9.3f %7.2f %6.1f %10.3f %7.2f %6.1f" % (name, blocks, size / 1e6, pause, size / pause / 1e9,
                                                                       pause / less[0], reading, size / reading / 1e9,
                                                                       reading / less[1]), flush=True)


main()
