"""The bounds that seep sets itself, each with the figure that was measured, and whether it holds."""


def value(results, workload, tool, name):
    row = results.get("workloads", {}).get(workload, {}).get(tool, {})
    return row.get(name) if row.get("state") == "ok" else None


def ratio(above, below):
    return None if above is None or below is None or below <= 0 else above / below


def less(part):
    return None if part is None else 1 - part


def judged(results):
    """[(what, bound, figure or None, unit, the same by processor time or None)]; a figure not measured is None."""
    def added(workload, tool, name="added_ns_per_pair"):
        return value(results, workload, tool, name)

    def churn(what, bound, above, below):
        """above, below: (workload, tool)"""
        by_cpu = ratio(added(*above, "added_cpu_ns_per_pair"), added(*below, "added_cpu_ns_per_pair"))
        return what, bound, ratio(added(*above), added(*below)), "", by_cpu

    def micro(what, bound, name, unit):
        return what, bound, results.get("micro", {}).get(name), unit, None

    def pauses(what, bound, figure, unit):
        """figure: of one program's row; the worst of all is judged"""
        rows = results.get("pauses", {}).values()
        return what, bound, max(map(figure, rows)) if rows else None, unit, None

    def of(tool):
        def cc1(what, bound, name):
            return f"{tool}: cc1, {what}", bound, value(results, "cc1", tool, name), "", None
        one, two, deep = ("churn-24-1", tool), ("churn-24-2", tool), ("churn-60-1", tool)
        return [
            churn(f"{tool}: churn, depth 24, 1 thread: added, to heaptrack's", 1 / 6, one, ("churn-24-1", "heaptrack")),
            churn(f"{tool}: churn, depth 24, 2 threads: added, to heaptrack's", 1 / 10, two, ("churn-24-2", "heaptrack")),
            churn(f"{tool}: churn, depth 24: added with 2 threads, to 1 thread", 1.3, two, one),
            churn(f"{tool}: churn: added at depth 60, to depth 24", 2, deep, one),
            cc1("wall until the program's end, to bare", 1.25, "program_ratio"),
            cc1("wall until seep's end, to bare", 1.25, "total_ratio"),
            cc1("added until the program's end, to heaptrack's", 0.5, "added_to_heaptracks"),
            cc1("CPU of program and analyzer, to bare", 1.35, "cpu_ratio"),
            (f"{tool}: Go's calls to C that allocate and free, to bare", 2, value(results, "go-exchange", tool, "figure_ratio"),
             "", value(results, "go-exchange", tool, "cpu_ns_ratio")),
            (f"{tool}: Go's HTTP server, part of the requests a second lost", 0.05,
             less(value(results, "go-http", tool, "figure_ratio")), "",
             less(ratio(1, value(results, "go-http", tool, "cpu_ns_ratio")))),
        ]
    # As it comes, and recording alone, as the peer's figure is of that.
    return of("seep") + of("seep-record") + [
        micro("`seep run true`: added", 25, "start_added_ms", " ms"),
        micro("a process started inside a session: added", 5, "child_added_ms", " ms"),
        micro("resident memory added, one thread", 4096, "memory_fixed_kib", " KiB"),
        micro("resident memory added, each further thread", 256, "memory_per_thread_kib", " KiB"),
        pauses("verdicts: reading a gigabyte, the slowest program", 1 / 1.5, lambda row: 1e9 * row["reading"] / row["bytes"], " s"),
        pauses("verdicts: the longest pause, up to five million blocks", 3, lambda row: row["pause"], " s"),
        pauses("verdicts: the pause to that of a tenth of the heap", 12, lambda row: row["pause_ratio"], ""),
    ]


def bounds_lines(results):
    for what, bound, figure, unit, by_cpu in judged(results):
        if figure is not None:
            verdict = "met" if figure <= bound else "MISSED"
            steadier = "" if by_cpu is None else f" (by the program's CPU time {by_cpu:.2f})"
            yield f"  {what:66} at most {bound:7.2f}{unit:4} measured {figure:7.2f}{unit:4} {verdict}{steadier}"


def bounds_json(results):
    return [{"what": what, "bound": bound, "unit": unit.strip(), "measured": figure, "measured_by_cpu_time": by_cpu,
             "met": None if figure is None else figure <= bound} for what, bound, figure, unit, by_cpu in judged(results)]
