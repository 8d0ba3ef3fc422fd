"""What the programs run under: nothing, seep, and the peers that are installed."""
import ctypes.util
import os
import re
import shutil
import subprocess
from dataclasses import dataclass

HEAPTRACK_CHATTER = (rb"^heaptrack output will be written .*\n|^.*/libheaptrack_preload.so\n|^starting application, .*\n"
                     rb"|^Heaptrack finished!(?s:.*)")


@dataclass
class Tool:
    name: str
    about: str  # with the version
    prefix: list  # before the program's command
    environment: dict
    missing: str = ""
    complaint: str = ""  # pattern in its standard error that means it failed
    chatter: bytes = b""  # pattern of what it writes itself to standard output

    def command(self, program):
        return self.prefix + program

    def variables(self):
        return {**os.environ, **self.environment}


def first_line(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).strip().splitlines()[0] if done.stdout + done.stderr else ""


def library(name, file):
    """The path of a shared library, or nothing."""
    for folder in "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib":
        if os.path.exists(f"{folder}/{file}"):
            return os.path.realpath(f"{folder}/{file}")
    return ctypes.util.find_library(name) or ""


def heaptrack(scratch):
    if not shutil.which("heaptrack"):
        return Tool("heaptrack", "", [], {}, missing="heaptrack")
    # What one version calls --record-only another calls --raw.
    usage = subprocess.run(["heaptrack", "--help"], capture_output=True, text=True, check=False).stdout
    option = "--record-only" if "--record-only" in usage else "--raw"
    about = f"{first_line('heaptrack', '--version')} {option}"
    return Tool("heaptrack", about, ["heaptrack", option, "-o", f"{scratch}/heaptrack"], {}, chatter=HEAPTRACK_CHATTER)


def sanitizer(name, fast):
    path = library("lsan", "liblsan.so.0")
    options = f"fast_unwind_on_malloc={fast}:malloc_context_size=200:exitcode=0"
    return Tool(name, f"LeakSanitizer ({os.path.basename(path)}) {options}", [],
                {"LD_PRELOAD": path, "LSAN_OPTIONS": options}, missing="" if path else "liblsan.so",
                complaint="has encountered a fatal error|Sanitizer CHECK failed|DEADLYSIGNAL")


def memcheck():
    return Tool("memcheck", f"{first_line('valgrind', '--version') if shutil.which('valgrind') else ''} memcheck",
                ["valgrind", "-q", "--leak-check=full", "--num-callers=200", "--soname-synonyms=somalloc=*jemalloc*"], {},
                missing="" if shutil.which("valgrind") else "valgrind")


def jemalloc(scratch):
    path = library("jemalloc", "libjemalloc.so.2")
    options = f"prof:true,lg_prof_sample:0,prof_final:true,prof_prefix:{scratch}/jemalloc"
    tool = Tool("jemalloc", f"jemalloc's profiler ({os.path.basename(path)}) prof:true,lg_prof_sample:0", [],
                {"LD_PRELOAD": path, "MALLOC_CONF": options})
    if not path:
        tool.missing = "libjemalloc.so"
    elif "Invalid conf" in subprocess.run(["/bin/true"], env=tool.variables(), capture_output=True, text=True,
                                          check=False).stderr:
        tool.missing = "libjemalloc.so with a profiler in it"
    return tool


def tcmalloc(scratch):
    path = library("tcmalloc", "libtcmalloc.so.4")
    return Tool("tcmalloc", f"tcmalloc's heap profiler ({os.path.basename(path)})", [],
                {"LD_PRELOAD": path, "HEAPPROFILE": f"{scratch}/tcmalloc"}, missing="" if path else "libtcmalloc.so")


def bare():
    return Tool("bare", "the program alone", [], {})


def seep(build, scratch):
    return Tool("seep", first_line(f"{build}/seep", "--version"),
                [f"{build}/seep", "run", "-o", f"{scratch}/seep.txt", "--"], {})


def seep_recording(build, scratch):
    """What peers do that only record: the heap, without the look at what points to it."""
    return Tool("seep-record", f"{first_line(f'{build}/seep', '--version')} --track heap --verdict off",
                [f"{build}/seep", "run", "--track", "heap", "--verdict", "off", "-o", f"{scratch}/seep.txt", "--"], {})


def inexact(scratch):
    """The reason that seep's last report gives for not being exact; empty if it is."""
    with open(f"{scratch}/seep.txt", encoding="utf-8", errors="replace") as file:
        text = file.read()
    if re.search("figures are exact", text):
        return ""
    reason = re.search(r"^  because (.*)", text, re.M)
    return "not exact" + (f": {reason.group(1)}" if reason else "")


def all_tools(build, scratch, peers):
    """peers: names, or None for all. Bare and seep, both ways, always."""
    others = [heaptrack(scratch), sanitizer("lsan", 1), sanitizer("lsan-full", 0), memcheck(), jemalloc(scratch),
              tcmalloc(scratch)]
    unknown = set(peers or []) - {tool.name for tool in others}
    if unknown:
        raise SystemExit(f"bench: no peer is named {', '.join(sorted(unknown))}; there are: "
                         + " ".join(tool.name for tool in others))
    return [bare(), seep(build, scratch), seep_recording(build, scratch)] + [tool for tool in others if peers is None or tool.name in peers]
