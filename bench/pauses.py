"""How long verdicts stop real programs: the pause, the part of it in which memory was read, and how many bytes that were, as
the report says them, for each program with a heap and with ten times the heap. The pause also lists and sorts the blocks and
finds the roots. The best of several rounds: other work on the machine only adds."""
import json
import os
import shutil
import subprocess

PYTHON = "/usr/bin/python3"
ENDS = "; import os; os._exit(0)"  # without taking everything apart before
# name, command, of which {n} is the size of the heap, the smaller {n}, environment
PROGRAMS = [
    ("python3, dicts", [PYTHON, "-c", "d = [{{'id': i, 'name': str(i), 'tags': [i]}} for i in range({n})]" + ENDS], 100000, {}),
    ("python3, each object by malloc", [PYTHON, "-c", "d = [{{'id': i, 'name': str(i)}} for i in range({n})]" + ENDS], 100000,
     {"PYTHONMALLOC": "malloc"}),
    ("perl, arrays in a hash", ["perl", "-e", "my %h; $h{{$_}} = [$_, $_ + 1] for 1 .. {n}; use POSIX; POSIX::_exit(0)"],
     100000, {}),
    ("sqlite3, rows in memory", ["sqlite3", ":memory:",
                                 "create table t(a, b, c); with recursive r(i) as (select 1 union all select i + 1 from r"
                                 " where i < {n}) insert into t select i, 'name ' || i, i * 1.5 from r;"
                                 " create index x on t(b); .exit 0"], 200000, {}),
    ("C, 1,000 bytes in a table", ["bench/heap", "table", "{n}", "1000"], 100000, {}),
    ("C, 200 bytes in a table", ["bench/heap", "table", "{n}", "200"], 500000, {}),
    ("C, tree of 100 bytes", ["bench/heap", "tree", "{n}", "100"], 500000, {}),
    ("C, list of 56 bytes", ["bench/heap", "list", "{n}", "56"], 500000, {}),
]


def process_of(command, environment, build, report):
    subprocess.run([f"{build}/seep", "run", "--format", f"json={report}", "--", *command], check=False,
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                   env={**os.environ, **environment})
    with open(report, encoding="utf-8") as file:
        return json.load(file)["processes"][0]


def best(words, count, environment, build, scratch, rounds):
    command = [word.format(n=count) for word in words]
    runs = [process_of(command, environment, build, f"{scratch}/pause.json") for _ in range(rounds)]
    scans = [run["scan"] for run in runs]
    return {"pause": min(scan["pause"] for scan in scans), "reading": min(scan["reading"] for scan in scans),
            "bytes": scans[0]["scanned_bytes"], "blocks": runs[0]["totals"]["heap"]["outstanding_blocks"]}


def measure_pauses(build, scratch, rounds):
    """{program: {blocks, bytes, pause, reading of the larger heap, and what they are to those of the smaller}}"""
    found = {}
    for name, words, count, environment in PROGRAMS:
        words = [f"{build}/{words[0]}" if words[0].startswith("bench/") else words[0], *words[1:]]
        if not shutil.which(words[0]):
            continue
        less, more = (best(words, size, environment, build, scratch, rounds) for size in (count, 10 * count))
        found[name] = {**more, "pause_ratio": more["pause"] / less["pause"], "reading_ratio": more["reading"] / less["reading"]}
    return found


def pauses_lines(found):
    yield f"  {'':32} {'':>9} {'':>6} {'pause,':>8} {'':>6} {'to a':>7} {'reading,':>8} {'':>6} {'to a':>7}"
    yield f"  {'':32} {'blocks':>9} {'MB':>6} {'s':>8} {'GB/s':>6} {'tenth':>7} {'s':>8} {'GB/s':>6} {'tenth':>7}"
    for name, row in found.items():
        yield (f"  {name:32} {row['blocks']:9} {row['bytes'] / 1e6:6.0f}"
               f" {row['pause']:8.3f} {row['bytes'] / row['pause'] / 1e9:6.2f} {row['pause_ratio']:7.1f}"
               f" {row['reading']:8.3f} {row['bytes'] / row['reading'] / 1e9:6.2f} {row['reading_ratio']:7.1f}")
