"""What seep and its peers say of the programs under tests/programs/go/incidents: prints one line for each thing reported, and
the call of the program's own Go code that it names, if any. docs/go.md has the findings as a table.

usage: make programs && python3 bench/go_peers.py [INCIDENT...]
The tools' own reports are kept in build/bench/go_peers."""
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections import Counter

from tools import library

INCIDENTS = ["labels", "frames", "images", "files", "devices", "watches", "pictures", "fragment", "log"]
OWN_STATUS = 3  # the programs' exit status
BUILD = os.path.abspath(os.environ.get("SEEP_BUILD", "build"))
PROGRAM = f"{BUILD}/tests/programs/go/incidents"
KEPT = f"{BUILD}/bench/go_peers"


def own_function(names):
    """The innermost function of the program's own Go code, without what cgo generated."""
    for name in names:
        if name.startswith("main.") and not re.match(r"main\._(C2?func|cgo)_|main\.main$", name):
            return name
    return None


def told(what, names):
    """One finding, with the place in Go that it names."""
    place = own_function(names)
    if place:
        return f"{what}; from {place}"
    way = next((name for name in names if name.startswith("runtime.asmcgocall")), names[-1])
    return f"{what}; no function of the program's Go code, the stack ends with {way}"


def run(command, variables=None):
    """What the program and its tool wrote to standard error, and the seconds it took."""
    begin = time.monotonic()
    done = subprocess.run(command, env={**os.environ, **(variables or {})}, capture_output=True, text=True, check=False)
    if "done" not in done.stdout.splitlines():
        raise SystemExit(f"go_peers: {' '.join(command)} did not do its work: {done.stdout}{done.stderr}")
    return done.stderr, time.monotonic() - begin, done.returncode


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def seep(incident):
    path = f"{KEPT}/{incident}.seep.json"
    _, seconds, status = run([f"{BUILD}/seep", "run", "-f", f"json={path}", "--", PROGRAM, incident])
    process = json.loads(read(path))["processes"][0]
    found = []
    for site in process["sites"]:
        names = [frame["function"] or "?" for frame in site["frames"]]
        what = f"{site['verdict']}, {site['count']} by {site['call']}, {site['bytes']} bytes"
        found.append("suppressed: Go's runtime" if site["suppressed_by"] else told(what, names))
    memory = process["memory"] or {"rows": []}
    found += [f"memory: {row['what']} {row['bytes']} bytes" for row in memory["rows"] if row["what"] == "heap_free_pages"]
    found += [f"remedy: {memory['remedy']}"] if memory.get("remedy") else []
    group = memory.get("cgroup") or {}
    found += [f"cgroup: page cache {group['page_cache_bytes']} bytes"] if group.get("page_cache_bytes") else []
    return found, seconds, status


def valgrind(incident):
    path = f"{KEPT}/{incident}.valgrind"
    _, seconds, status = run(["valgrind", "--leak-check=full", "--show-leak-kinds=all", "--track-fds=yes", "--num-callers=50",
                              f"--log-file={path}", PROGRAM, incident])
    found = []
    for part in re.sub(r"^==\d+== ?(FILE DESCRIPTORS: .*\n)?", "", read(path), flags=re.M).split("\n\n"):
        head = re.match(r"([\d,]+ (?:\([^)]*\) )?bytes in [\d,]+ blocks are [a-z ]+) in loss record|(Open (?:file|AF_\w+)[^\n:]*)",
                        part.strip())
        if head and "<inherited from parent>" not in part:
            names = re.findall(r"^\s+(?:at|by) 0x\w+: (\S+)", part, re.M)
            what = head.group(1) or re.sub(r"\d+", "N", head.group(2))
            runtimes = head.group(1) and "_cgo_sys_thread_start" in names
            found.append("a thread of Go's runtime: possibly lost" if runtimes else told(what, names))
    return found, seconds, status


def heaptrack(incident):
    path = f"{KEPT}/{incident}.heaptrack"
    _, seconds, status = run(["heaptrack", "-o", path, PROGRAM, incident])
    written = [f"{KEPT}/{name}" for name in os.listdir(KEPT) if name.startswith(f"{incident}.heaptrack.")]
    text = subprocess.run(["heaptrack_print", "-p", "0", "-a", "0", "-T", "0", "-l", "1", "-f", written[0]],
                          capture_output=True, text=True, check=True).stdout
    found = []
    # Each group of leaks: "SIZE leaked over N calls from", the function, and then the stacks.
    for part in re.split(r"^(?=\S+ leaked over \d+ calls from$)", text, flags=re.M)[1:]:
        size, calls = re.match(r"(\S+) leaked over (\d+) calls", part).groups()
        names = [line.strip() for line in part.splitlines()[1:]
                 if line.strip() and not re.match(r"\s*(at|in) |.* leaked over|total |finished |calls to|temporary|peak", line)]
        if "_cgo_sys_thread_start" in names:
            found.append("threads of Go's runtime: leaked")
        elif "call_init" not in names:  # libstdc++'s pool
            found.append(told(f"leaked, {calls} calls, {size}", names))
    return found, seconds, status


def sanitizer(incident):
    path = library("lsan", "liblsan.so.0")
    errors, seconds, status = run([PROGRAM, incident], {"LD_PRELOAD": path})
    with open(f"{KEPT}/{incident}.lsan", "w", encoding="utf-8") as file:
        file.write(errors)
    found = []
    for part in errors.split("\n\n"):
        head = re.match(r"((?:Direct|Indirect) leak of \d+ byte\(s\) in \d+ object\(s\))", part)
        if head:
            found.append(told(head.group(1), re.findall(r"^ +#\d+ 0x\w+ in (\S+)", part, re.M)))
    return found, seconds, status


def main():
    unknown = set(sys.argv[1:]) - set(INCIDENTS)
    if unknown or not os.path.exists(PROGRAM):
        raise SystemExit(f"go_peers: {'no incident ' + ', '.join(unknown) if unknown else PROGRAM + ' is not built'}\n{__doc__}")
    shutil.rmtree(KEPT, ignore_errors=True)
    os.makedirs(KEPT)
    for incident in sys.argv[1:] or INCIDENTS:
        for tool in seep, valgrind, heaptrack, sanitizer:
            found, seconds, status = tool(incident)
            other = "" if status == OWN_STATUS else f", exit status {status} instead of {OWN_STATUS}"
            print(f"{incident} under {tool.__name__}, {seconds:.1f} s{other}:", flush=True)
            for line, times in Counter(found or ["nothing"]).items():
                print(f"  {str(times) + ' times: ' if times > 1 else ''}{line}", flush=True)
    if os.path.exists(f"{PROGRAM}.log"):
        os.unlink(f"{PROGRAM}.log")  # what the program of that name wrote


main()
