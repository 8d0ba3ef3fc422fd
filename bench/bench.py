"""make bench: what seep costs, beside the program alone and whichever peers are installed. Prints tables and writes
bench.json into the build folder. What to run is said by variables:
  BENCH="churn-24-1 cc1"  which workloads (also: frames, micro); all of them by default
  PEERS="heaptrack lsan"  which peers; all that are installed by default, none with PEERS=none
  RUNS=5                  how often, in turns: medians are printed"""
import json
import os
import platform
import sys
import tempfile
import time

from bounds import bounds_json, bounds_lines
from frames import measure_frames
from measure import adopt_orphans
from micro import measure_micro, micro_lines
from rounds import measure_workload
from tools import all_tools
from workloads import all_workloads

EXTRAS = ["frames", "micro"]
FRAME_DEPTHS = [24, 60]


def words(name):
    return os.environ.get(name, "").replace(",", " ").split()


def cell(row, name, scale=1.0, digits=2):
    return "-" if row.get(name) is None else f"{row[name] * scale:.{digits}f}"


def table_lines(workload, rows):
    heads = ["tool", "runs", "wall", "to end", "CPU s", "program", "tool's", workload.unit or "", "added", "wall", "CPU", "added"]
    under = ["", "", "s", "s", "", "MiB", "MiB", "", "ns/pair", "x bare", "x bare", "x heaptrack"]
    widths = [10, 4, 8, 8, 8, 8, 8, 11, 9, 7, 7, 11]
    for head in heads, under:
        yield "  " + " ".join(f"{word:>{width}}" if i else f"{word:<{width}}" for i, (word, width) in enumerate(zip(head, widths)))
    for name, row in rows.items():
        if row["state"] != "ok":
            yield f"  {name:<10} {row['runs']:>4} {row['state']}"
            continue
        cells = [cell(row, "program_seconds"), cell(row, "total_seconds"), cell(row, "cpu_seconds"),
                 cell(row, "program_peak_kib", 1 / 1024, 1), cell(row, "others_peak_kib", 1 / 1024, 1),
                 cell(row, "figure", 1, 0 if workload.unit == "requests/s" else 1), cell(row, "added_ns_per_pair", 1, 1),
                 cell(row, "program_ratio"), cell(row, "cpu_ratio"), cell(row, "added_to_heaptracks", 1, 3)]
        yield f"  {name:<10} {row['runs']:>4} " + " ".join(f"{word:>{width}}" for word, width in zip(cells, widths[2:]))


def choose(build, scratch):
    wanted = words("BENCH")
    workloads = all_workloads(build, scratch)
    unknown = set(wanted) - {work.name for work in workloads} - set(EXTRAS)
    if unknown:
        raise SystemExit(f"bench: nothing is named {', '.join(sorted(unknown))}; there are: "
                         + " ".join([work.name for work in workloads] + EXTRAS))
    peers = None if not words("PEERS") else [name for name in words("PEERS") if name not in ("none", "no")]
    chosen = [work for work in workloads if not wanted or work.name in wanted]
    return chosen, [extra for extra in EXTRAS if not wanted or extra in wanted], all_tools(build, scratch, peers)


def run(build, scratch, rounds):
    chosen, extras, tools = choose(build, scratch)
    results = {"schema": "seep-bench-1", "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"), "rounds": rounds,
               "machine": machine(), "tools": {tool.name: tool.missing and f"not installed: {tool.missing}" or tool.about
                                               for tool in tools}, "workloads": {}}
    print(results["machine"] + f"; medians of {rounds} rounds")
    for name, about in results["tools"].items():
        print(f"  {name:<10} {about}")
    for workload in chosen:
        print(f"\n{workload.name}: {workload.about}")
        if workload.missing:
            print(f"  not installed: {workload.missing}")
            results["workloads"][workload.name] = {"state": f"not installed: {workload.missing}"}
            continue
        rows = measure_workload(workload, tools, rounds, scratch)
        results["workloads"][workload.name] = rows
        print("\n".join(table_lines(workload, rows)), flush=True)
    if "frames" in extras:
        results["frames"] = {str(depth): measure_frames(tools, build, scratch, depth) for depth in FRAME_DEPTHS}
        print("\nframes found of a leaked block's stack (median of its stacks)")
        for depth, found in results["frames"].items():
            print(f"  churn, depth {depth}: " + ", ".join(f"{name} {'-' if count is None else round(count)}" for name, count in found.items()))
    if "micro" in extras:
        results["micro"] = measure_micro(tools[1], build, scratch, rounds)
        print("\nsmall figures")
        print("\n".join(micro_lines(results["micro"])))
    return results


def machine():
    model = ""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    return f"{len(os.sched_getaffinity(0))} processors {model}, Linux {platform.release()}"


def main():
    build = os.path.abspath(os.environ.get("SEEP_BUILD", "build"))
    rounds = int(os.environ.get("RUNS", "5"))
    adopt_orphans()
    with tempfile.TemporaryDirectory(prefix="seep-bench-") as scratch:
        results = run(build, scratch, rounds)
    lines = list(bounds_lines(results))
    if lines:
        print("\nbounds\n" + "\n".join(lines))
    results["bounds"] = bounds_json(results)
    os.makedirs(f"{build}/bench", exist_ok=True)
    with open(f"{build}/bench/bench.json", "w", encoding="utf-8") as file:
        json.dump(results, file, indent=1)
    print(f"\nalso in {build}/bench/bench.json")
    return 0


sys.exit(main())
