"""make bench: what seep costs, beside the program alone and whichever peers are installed. Prints tables and writes
bench.json into the build folder. What to run is said by variables:
  BENCH="churn-24-1 cc1"  which workloads (also: frames, micro, pauses); all of them by default
  PEERS="heaptrack lsan"  which peers; all that are installed by default, none with PEERS=none
  RUNS=5                  how often, in turns: medians are printed"""
import json
import os
import platform
import sys
import tempfile
import time
from dataclasses import dataclass

from bounds import bounds_json, bounds_lines
from frames import measure_frames
from measure import adopt_orphans
from micro import measure_micro, micro_lines
from pauses import measure_pauses, pauses_lines
from rounds import measure_workload
from tools import all_tools
from workloads import all_workloads

EXTRAS = ["frames", "micro", "pauses"]
FRAME_DEPTHS = [24, 60]


def words(name):
    return os.environ.get(name, "").replace(",", " ").split()


@dataclass
class Column:
    head: str
    under: str  # the second line of the head
    value: str  # of a row
    width: int = 8
    digits: int = 2
    scale: float = 1.0

    def cell(self, row):
        found = row.get(self.value)
        return f"{'-' if found is None else format(found * self.scale, f'.{self.digits}f'):>{self.width}}"


def columns(unit):
    figure = {"ns per pair": [Column("ns", "per pair", "figure", 10, 1),
                              Column("ns added", "per pair", "added_ns_per_pair", 10, 1),
                              Column("CPU ns", "added", "added_cpu_ns_per_pair", 10, 1)],
              "requests/s": [Column("requests", "per s", "figure", 10, 0),
                             Column("CPU us", "each", "cpu_ns", digits=2, scale=1 / 1000)]}
    return [
        Column("wall s,", "program", "program_seconds"), Column("wall s,", "all", "total_seconds"),
        Column("CPU s,", "all", "cpu_seconds"),
        Column("MiB,", "program", "program_peak_kib", digits=1, scale=1 / 1024),
        Column("MiB,", "tool", "others_peak_kib", digits=1, scale=1 / 1024),
        *figure.get(unit, []),
        Column("wall", "x bare", "program_ratio"), Column("CPU", "x bare", "cpu_ratio"),
        Column("added,", "x heaptrack", "added_to_heaptracks", 12, 3),
    ]


def table_lines(workload, rows):
    shown = columns(workload.unit)
    for line, name in ("head", "tool"), ("under", ""):
        yield f"  {name:<11} {'runs' if name else '':>4} " + " ".join(f"{getattr(one, line):>{one.width}}" for one in shown)
    for name, row in rows.items():
        cells = [one.cell(row) for one in shown] if row["state"] == "ok" else [row["state"]]
        yield f"  {name:<11} {row['runs']:>4} " + " ".join(cells)


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
    about = {tool.name: f"not installed: {tool.missing}" if tool.missing else tool.about for tool in tools}
    results = {"schema": "seep-bench-1", "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"), "rounds": rounds,
               "machine": machine(), "load_before": os.getloadavg()[0], "tools": about, "workloads": {}}
    print(f"{results['machine']}, load {results['load_before']:.1f}; medians of {rounds} rounds, of slow tools of fewer")
    for name, about in results["tools"].items():
        print(f"  {name:<11} {about}")
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
        print("\nframes kept of a leaked block's stack, median; truth: libgcc's unwinder; peers may add frames of their own")
        for depth, found in results["frames"].items():
            kept = (f"{name} {'-' if count is None else round(count)}" for name, count in found.items())
            print(f"  churn, depth {depth}: " + ", ".join(kept))
    if "micro" in extras:
        results["micro"] = measure_micro(tools[1], build, scratch, rounds)
        print("\nsmall figures")
        print("\n".join(micro_lines(results["micro"])))
    if "pauses" in extras:
        results["pauses"] = measure_pauses(build, scratch, rounds)
        print("\nverdicts on ten times the heap, best of the rounds")
        print("\n".join(pauses_lines(results["pauses"])))
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
