"""Runs a workload under each tool in turns, several rounds, and keeps medians."""
import glob
import os
import re
import statistics
import sys

from measure import measure
from tools import inexact

SLOW_SECONDS, SLOW_RATIO = 8, 4  # a tool that took longer, and longer than bare, is not run again: slow is steady
LIMIT_SECONDS = 600


def one_run(workload, tool, scratch):
    """(Run, output, figure, figure of processor time), or a word about what went wrong."""
    files = {name: f"{scratch}/{name}" for name in ("stdout", "stderr", "client")}
    run = measure(tool.command(workload.command), workload.program(), tool.variables(), workload.stdin, files["stdout"],
                  files["stderr"], workload.client, files["client"], LIMIT_SECONDS)
    if run.timed_out:
        return f"killed after {LIMIT_SECONDS} s"
    if run.status != 0:
        return "crashed" if run.status < 0 or run.status > 128 else f"failed with status {run.status}"
    if tool.complaint and complained(tool.complaint, files["stderr"]):
        return "crashed"
    try:
        output = workload.output(files["stdout"], files["client"], tool.chatter)
        figure = workload.figure(files["stdout"], files["client"])
        cpu_figure = workload.cpu_figure(files["stdout"])
    except (OSError, AttributeError, ZeroDivisionError):
        return "wrong output"
    if tool.name.startswith("seep") and inexact(scratch):
        return inexact(scratch)
    return run, output, figure, cpu_figure


def complained(pattern, path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return re.search(pattern, file.read()) is not None


def is_slow(run, bare):
    return run.total_seconds > max(SLOW_SECONDS, SLOW_RATIO * bare.total_seconds)


def progress(text):
    """One line that is overwritten, for who watches."""
    if sys.stderr.isatty():
        print(f"\r{text:<60}\r", end="", file=sys.stderr, flush=True)


def tidy(scratch):
    """Removes the tools' recordings, which can be large."""
    for name in "heaptrack", "jemalloc", "tcmalloc":
        for path in glob.glob(f"{scratch}/{name}*"):
            os.unlink(path)


def measure_workload(workload, tools, rounds, scratch):
    """{tool name: its row}. The first run of all, bare, is not counted: it warms caches and tells the right output."""
    first = one_run(workload, tools[0], scratch)
    if isinstance(first, str):
        raise SystemExit(f"bench: {workload.name} without any tool: {first}")
    right = first[1]
    kept, trouble = {tool.name: [] for tool in tools}, {}
    for turn in range(rounds):
        for tool in tools:
            if tool.name in trouble or tool.missing:
                continue
            if kept[tool.name] and is_slow(kept[tool.name][-1][0], kept["bare"][-1][0]):
                continue
            progress(f"{workload.name}: round {turn + 1} of {rounds}, {tool.name}")
            done = one_run(workload, tool, scratch)
            tidy(scratch)
            if not isinstance(done, str) and done[1] != right:
                done = "wrong output"
            if isinstance(done, str):
                trouble[tool.name] = done
            else:
                kept[tool.name].append(done)
    progress("")
    rows = {tool.name: row_of(tool, kept[tool.name], trouble.get(tool.name)) for tool in tools}
    return compared(rows, workload)


def row_of(tool, kept, trouble):
    if tool.missing:
        return {"state": f"not installed: {tool.missing}", "runs": 0}
    if trouble:
        return {"state": trouble, "runs": len(kept)}

    def middle(value):
        values = [value(done) for done in kept]
        return None if values[0] is None else statistics.median(values)
    return {
        "state": "ok",
        "runs": len(kept),
        "program_seconds": middle(lambda done: done[0].program_seconds),
        "total_seconds": middle(lambda done: done[0].total_seconds),
        "cpu_seconds": middle(lambda done: done[0].cpu_seconds),
        "program_peak_kib": middle(lambda done: done[0].program_peak_kib),
        "others_peak_kib": middle(lambda done: done[0].others_peak_kib),
        "figure": middle(lambda done: done[2]),
        "cpu_ns": middle(lambda done: done[3]),  # of the program's own processor time, per pair or request
        "each_figure": [done[2] for done in kept],
        "each_cpu_ns": [done[3] for done in kept],
        "each_program_seconds": [done[0].program_seconds for done in kept],
    }


def middle_ratio(row, bare):
    """Of each round by itself, since the machine's load differs from round to round."""
    return statistics.median(one / other for one, other in zip(row, bare))


def compared(rows, workload):
    """Adds what follows from two rows: ratios to bare, and what was added as a part of what heaptrack added."""
    bare = rows["bare"]

    def added(row):
        if workload.unit == "ns per pair":
            return row["figure"] - bare["figure"]
        if workload.unit == "requests/s":
            return 1 / row["figure"] - 1 / bare["figure"]
        return row["program_seconds"] - bare["program_seconds"]
    for row in rows.values():
        if row["state"] != "ok":
            continue
        for name in "program_seconds", "total_seconds", "cpu_seconds":
            row[name.replace("seconds", "ratio")] = row[name] / bare[name]
        if workload.unit:
            row["figure_ratio"] = middle_ratio(row["each_figure"], bare["each_figure"])
        if row["cpu_ns"] is not None:
            row["cpu_ns_ratio"] = middle_ratio(row["each_cpu_ns"], bare["each_cpu_ns"])
        if workload.unit == "ns per pair":
            row["added_ns_per_pair"] = added(row)
            row["added_cpu_ns_per_pair"] = row["cpu_ns"] - bare["cpu_ns"]
        peer = rows.get("heaptrack", {"state": ""})
        if peer["state"] == "ok" and added(peer) > 0:
            row["added_to_heaptracks"] = added(row) / added(peer)
    return rows
