"""The bounds that seep sets itself, each with the figure that was measured, and whether it holds."""


def value(results, workload, tool, name):
    row = results.get("workloads", {}).get(workload, {}).get(tool, {})
    return row.get(name) if row.get("state") == "ok" else None


def ratio(above, below):
    return None if above is None or below is None or below <= 0 else above / below


def judged(results):
    """[(what, bound, figure or None, unit)]: a figure not measured in this run is None."""
    def added(workload, tool="seep"):
        return value(results, workload, tool, "added_ns_per_pair")

    def micro(name):
        return results.get("micro", {}).get(name)
    return [
        ("churn, depth 24, 1 thread: added, to heaptrack's", 1 / 6,
         ratio(added("churn-24-1"), added("churn-24-1", "heaptrack")), ""),
        ("churn, depth 24, 2 threads: added, to heaptrack's", 1 / 10,
         ratio(added("churn-24-2"), added("churn-24-2", "heaptrack")), ""),
        ("churn, depth 24: added with 2 threads, to 1 thread", 1.3, ratio(added("churn-24-2"), added("churn-24-1")), ""),
        ("churn: added at depth 60, to depth 24", 2, ratio(added("churn-60-1"), added("churn-24-1")), ""),
        ("cc1: wall until the program's end, to bare", 1.25, value(results, "cc1", "seep", "program_ratio"), ""),
        ("cc1: wall until seep's end, to bare", 1.25, value(results, "cc1", "seep", "total_ratio"), ""),
        ("cc1: added until the program's end, to heaptrack's", 0.5,
         value(results, "cc1", "seep", "added_to_heaptracks"), ""),
        ("cc1: CPU of program and analyzer, to bare", 1.35, value(results, "cc1", "seep", "cpu_ratio"), ""),
        ("`seep run true`: added", 25, micro("start_added_ms"), " ms"),
        ("a process started inside a session: added", 5, micro("child_added_ms"), " ms"),
        ("resident memory added, one thread", 4096, micro("memory_fixed_kib"), " KiB"),
        ("resident memory added, each further thread", 256, micro("memory_per_thread_kib"), " KiB"),
    ]


def bounds_lines(results):
    for what, bound, figure, unit in judged(results):
        if figure is not None:
            verdict = "met" if figure <= bound else "MISSED"
            yield f"  {what:52} at most {bound:7.2f}{unit:4} measured {figure:7.2f}{unit:4} {verdict}"


def bounds_json(results):
    return [{"what": what, "bound": bound, "unit": unit.strip(), "measured": figure,
             "met": None if figure is None else figure <= bound} for what, bound, figure, unit in judged(results)]
