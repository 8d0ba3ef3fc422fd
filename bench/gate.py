"""How long `seep check` takes for a saved report of 2,000 sites that a baseline knows: processor time of the whole
command, beside that of reading the same report, which is half of what `seep diff` takes for it twice.
Usage: bench/gate.py [SITES [FRAMES]]"""
import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile

ROUNDS = 9


def site(number, frames):
    def name(level):
        return "module_%d::Class_%d<int>::function_%d(std::string const&)" % (number % 7, number // 40, number * level)

    return {
        "id": hashlib.sha256(b"%d" % number).hexdigest()[:16], "kind": "heap", "verdict": "possible", "call": "malloc",
        "count": 1 + number % 9, "bytes": 24 * (1 + number % 9), "resident_bytes": None, "suppressed_by": None,
        "baseline": None, "truncated": False, "examples": [],
        "frames": [{"function": name(level), "file": "/src/file_%d.cc" % level, "line": number + 1,
                    "module": "/opt/app/lib%d.so" % (level % 3), "build_id": "00ff", "offset": hex(number * 64 + level),
                    "inlined": False} for level in range(1, frames + 1)],
    }


def generate(count, frames, report_path, baseline_path):
    sites = [site(number, frames) for number in range(count)]
    blocks, held = sum(s["count"] for s in sites), sum(s["bytes"] for s in sites)
    nothing = {"blocks": 0, "bytes": 0}
    verdicts = dict.fromkeys(("definite", "indirect", "reachable", "unclassified", "suppressed"), nothing)
    process = {
        "pid": 1, "parent_pid": 0, "executable": "/opt/app/app", "argv": ["app"], "begin": "exec",
        "end": {"how": "exit", "code": 0, "signal": None}, "exact": True, "lost_records": 0, "truncated_stacks": 0,
        "totals": {"heap": {"allocations": blocks, "frees": 0, "allocated_bytes": held, "peak_bytes": held,
                            "outstanding_blocks": blocks, "outstanding_bytes": held, "unmatched_frees": 0},
                   "fd": None, "map": None},
        "verdicts": {"possible": {"blocks": blocks, "bytes": held}, **verdicts}, "memory": None, "sites": sites,
    }
    with open(report_path, "w") as out:
        json.dump({"schema": "seep-report-1", "seep_version": "bench", "command": ["app"], "started": "-", "duration": 1.0,
                   "exact": True, "inexact_because": [], "gate": None, "processes": [process]}, out)
    with open(baseline_path, "w") as out:
        out.write("seep-baseline 1 ids 1\n")
        for one in sorted(sites, key=lambda s: s["id"]):
            out.write("%s possible %d malloc < f\n" % (one["id"], one["count"]))



def milliseconds(command):
    """The least processor time of some rounds: what disturbs only adds."""
    least = None
    for _ in range(ROUNDS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        took = 1000 * (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
        least = took if least is None else min(least, took)
    return least


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    frames = int(sys.argv[2]) if len(sys.argv) > 2 else 8
    seep = os.path.join(os.environ.get("SEEP_BUILD", "build"), "seep")
    with tempfile.TemporaryDirectory() as folder:
        report, baseline = os.path.join(folder, "report.json"), os.path.join(folder, "baseline")
        generate(count, frames, report, baseline)
        check = milliseconds([seep, "check", "--baseline", baseline, report])
        read = milliseconds([seep, "diff", "-q", report, report]) / 2
        size = os.path.getsize(report) / 1e6
    print("%d sites of %d frames (%.1f MB): check %.0f ms of processor time, reading alone %.0f ms"
          % (count, frames, size, check, read))


main()
