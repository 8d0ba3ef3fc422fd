"""How many frames of a stack each tool keeps: churn leaks blocks whose stacks are as deep as libgcc's unwinder says."""
import glob
import json
import os
import re
import statistics
import subprocess

LEAKS = 200


def heaptrack_stacks(scratch):
    """Depths of the stacks of blocks that stayed, from heaptrack's own recording."""
    path = glob.glob(f"{scratch}/heaptrack*")[0]
    reader = {"zst": ["zstd", "-dcq"], "gz": ["gzip", "-dc"]}[path.rsplit(".", 1)[1]]
    text = subprocess.run(reader + [path], capture_output=True, check=True).stdout.decode(errors="replace")
    parents, held = [0], {}
    for line in text.splitlines():
        words = line.split()
        if line.startswith("t "):
            parents.append(int(words[2], 16))
        elif line.startswith("+ "):
            held[words[3]] = int(words[2], 16)
        elif line.startswith("- "):
            held.pop(words[1], None)
    return [depth_of(trace, parents) for trace in held.values()]


def depth_of(trace, parents):
    depth = 0
    while trace:
        depth, trace = depth + 1, parents[trace]
    return depth


def numbered_stacks(text, line_pattern):
    """Stacks printed a frame a line, the allocation function first, not counted."""
    runs, length = [], 0
    for line in text.splitlines() + [""]:
        if re.search(line_pattern, line):
            length += 1
        elif length:
            runs.append(length - 1)
            length = 0
    return runs


def listed_stacks(text, line_pattern):
    """Stacks printed as addresses on one line."""
    return [len(match.group(1).split()) for match in re.finditer(line_pattern, text, re.M)]


def read_last(pattern):
    """The last of the files."""
    with open(sorted(glob.glob(pattern))[-1], encoding="utf-8", errors="replace") as file:
        return file.read()


def depths(tool, scratch, stderr):
    """Depths of the stacks that the tool reports, one per stack."""
    if tool.name.startswith("seep"):
        with open(f"{scratch}/seep.json", encoding="utf-8") as file:
            sites = json.load(file)["processes"][0]["sites"]
        return [sum(not frame["inlined"] for frame in site["frames"]) for site in sites]
    if tool.name == "heaptrack":
        return heaptrack_stacks(scratch)
    if tool.name.startswith("lsan"):
        return numbered_stacks(stderr, r"^\s+#\d+ ")
    if tool.name == "memcheck":
        return numbered_stacks(stderr, r"^==\d+==\s+(at|by) 0x")
    if tool.name == "jemalloc":
        return listed_stacks(read_last(f"{scratch}/jemalloc*.heap"), r"^@((?: 0x[0-9a-f]+)+)\n\s+t\*: [1-9]")
    return listed_stacks(read_last(f"{scratch}/tcmalloc*.heap"), r"^\s*[1-9]\d*: +\d+ \[.*\] @((?: 0x[0-9a-f]+)+)")


def measure_frames(tools, build, scratch, depth):
    """{tool name: {"frames": median of its stacks}}; under the name "truth" what is there."""
    found = {}
    command = [f"{build}/bench/churn", "10000", str(depth), "1", "1000", str(LEAKS)]
    for tool in tools:
        if tool.missing:
            continue
        prefix = tool.prefix
        if tool.name.startswith("seep"):
            prefix = tool.prefix[:-1] + ["-f", f"json={scratch}/seep.json", "--"]
        done = subprocess.run(prefix + command, env=tool.variables(), capture_output=True, text=True, errors="replace",
                              check=False)
        if tool.name == "bare":
            found["truth"] = int(re.search(r"has (\d+) frames", done.stdout).group(1))
        else:
            try:
                found[tool.name] = statistics.median(depths(tool, scratch, done.stderr))
            except (LookupError, OSError, ValueError, statistics.StatisticsError):
                found[tool.name] = None
        for path in glob.glob(f"{scratch}/heaptrack*") + glob.glob(f"{scratch}/*.heap"):
            os.unlink(path)
    return found
