"""The small figures: what starting costs, what a recorded program keeps in memory, what the pipeline carries."""
import os
import re
import statistics
import subprocess
import time

STARTS = 40  # of the smallest program
CHILDREN = 200  # processes that one shell starts
THREADS = 17
LIVE_SET_SHAPES = ["churn, 1 ring, window 1000", "churn, 8 rings, 5 million live"]  # of tests/bench/bench_live.c


def seconds(command):
    start = time.monotonic()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.monotonic() - start


def in_turns(times, *commands):
    """Median seconds of each command."""
    taken = [[seconds(command) for command in commands] for _ in range(times)]
    return [statistics.median(column) for column in zip(*taken)]


def loop(count):
    return ["sh", "-c", f"i=0; while [ $i -lt {count} ]; do /bin/true; i=$((i + 1)); done"]


def resident_kib(prefix, build, threads):
    values = [int(subprocess.run(prefix + [f"{build}/bench/waiters", str(threads)], capture_output=True, text=True,
                                 check=True).stdout) for _ in range(5)]
    return statistics.median(values)


def stripped_bytes(path, scratch):
    done = subprocess.run(["strip", "-o", f"{scratch}/stripped", path], check=False)
    return os.path.getsize(f"{scratch}/stripped") if done.returncode == 0 else None


def records_per_second(seep, build, rounds):
    """Each pair is two records when another thread frees: the acquire and the release."""
    pairs = 2000000
    taken = [seconds(seep + [f"{build}/bench/churn", str(pairs), "1", "1", "20000", "0", "other"]) for _ in range(rounds)]
    return 2 * pairs / statistics.median(taken)


def live_set_rates(build):
    """Lines of the live set's own program: records a second of processor time."""
    return [line for shape in LIVE_SET_SHAPES
            for line in subprocess.run([f"{build}/bench/live", shape], capture_output=True, text=True,
                                       check=True).stdout.strip().splitlines()]


def measure_micro(seep_tool, build, scratch, rounds):
    seep = seep_tool.prefix
    bare_start, seep_start = in_turns(STARTS, ["/bin/true"], seep + ["/bin/true"])
    bare_none, bare_many, seep_none, seep_many = in_turns(max(rounds, 3), loop(0), loop(CHILDREN), seep + loop(0),
                                                          seep + loop(CHILDREN))
    memory = {(name, threads): resident_kib(prefix, build, threads)
              for name, prefix in (("bare", []), ("seep", seep)) for threads in (1, THREADS)}
    fixed = memory["seep", 1] - memory["bare", 1]
    return {
        "start_bare_ms": bare_start * 1e3,
        "start_seep_ms": seep_start * 1e3,
        "start_added_ms": (seep_start - bare_start) * 1e3,
        "child_bare_ms": (bare_many - bare_none) * 1e3 / CHILDREN,
        "child_seep_ms": (seep_many - seep_none) * 1e3 / CHILDREN,
        "child_added_ms": ((seep_many - seep_none) - (bare_many - bare_none)) * 1e3 / CHILDREN,
        "memory_fixed_kib": fixed,
        "memory_per_thread_kib": (memory["seep", THREADS] - memory["bare", THREADS] - fixed) / (THREADS - 1),
        "libseep_bytes": os.path.getsize(f"{build}/libseep.so"),
        "libseep_stripped_bytes": stripped_bytes(f"{build}/libseep.so", scratch),
        "records_per_second": records_per_second(seep, build, rounds),
        "live_set": live_set_rates(build),
    }


def micro_lines(figures):
    def line(what, value):
        return f"  {what:58} {value}"
    stripped = figures["libseep_stripped_bytes"]
    yield line(f"`seep run true`, median of {STARTS}",
               f"{figures['start_seep_ms']:.1f} ms, bare {figures['start_bare_ms']:.1f}: +{figures['start_added_ms']:.1f} ms")
    yield line(f"a process started inside a session, of {CHILDREN}",
               f"{figures['child_seep_ms']:.1f} ms, bare {figures['child_bare_ms']:.1f}: +{figures['child_added_ms']:.1f} ms")
    yield line("resident memory added, one thread", f"{figures['memory_fixed_kib']:.0f} KiB")
    yield line("resident memory added, each further thread that allocates", f"{figures['memory_per_thread_kib']:.0f} KiB")
    yield line("libseep.so", f"{figures['libseep_bytes']} bytes" + (f", stripped {stripped}" if stripped else ""))
    yield line("records a second through the pipeline, all cross-thread", f"{figures['records_per_second'] / 1e6:.2f} million")
    for text in figures["live_set"] :
        yield line("live set alone", re.sub(r"\s+", " ", text))
