"""The programs that are measured: how to run each, what its right output is, and the figure that it prints."""
import hashlib
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field

HERE = os.path.dirname(os.path.abspath(__file__))
FUNCTIONS_FOR_CC1 = 165  # some 4 million blocks
REQUESTS, CONNECTIONS = "200000", "8"  # to the Go server


@dataclass
class Workload:
    name: str
    about: str
    command: list = field(default_factory=list)
    missing: str = ""  # what is not installed
    stdin: str = "/dev/null"
    client: list = None  # runs beside it, its output counts instead of the program's
    result: str = ""  # a file that the program writes, part of its output
    unit: str = ""  # of figure: "ns per pair" or "requests/s"

    def program(self):
        return shutil.which(self.command[0])

    def output(self, stdout, client_stdout, chatter):
        """What must be the same under every tool; chatter: pattern of what is the tool's own."""
        with open(stdout, "rb") as file:
            text = file.read()
        if chatter:
            text = re.sub(chatter, b"", text, flags=re.M)
        if self.unit == "ns per pair":
            return len(re.findall(rb"^[a-z]+: [0-9.]+ ns per", text, re.M))
        if self.unit == "requests/s":
            return len(self.rates(client_stdout))
        if self.result:
            with open(self.result, "rb") as file:
                text += file.read()
            os.unlink(self.result)
        return hashlib.sha256(text).hexdigest()

    def figure(self, stdout, client_stdout):
        if self.unit == "ns per pair":
            with open(stdout, encoding="utf-8") as file:
                return float(re.search(r"^[a-z]+: ([0-9.]+) ns per", file.read(), re.M).group(1))
        if self.unit == "requests/s":
            rates = self.rates(client_stdout)
            return len(rates) / sum(1 / rate for rate in rates)  # of as many requests of each kind
        return None

    @staticmethod
    def cpu_figure(stdout):
        """The program's own processor time per pair or request, in nanoseconds, if it prints it: steadier than the clock
        on a machine that does other things."""
        with open(stdout, encoding="utf-8", errors="replace") as file:
            found = re.search(r"([0-9.]+) ns of processor time", file.read())
        return float(found.group(1)) if found else None

    @staticmethod
    def rates(client_stdout):
        with open(client_stdout, encoding="utf-8") as file:
            return [float(rate) for rate in re.findall(r'^"[A-Z].*?","([0-9.]+)"', file.read(), re.M)]


def churn(build, name, about, *words):
    return Workload(name, about, [f"{build}/bench/churn", *words], unit="ns per pair")


def cc1(scratch):
    work = Workload("cc1", "cc1 -O2 on a generated C file")
    compiler = ""
    if shutil.which("gcc"):
        asked = subprocess.run(["gcc", "-print-prog-name=cc1"], capture_output=True, text=True, check=False)
        compiler = asked.stdout.strip()
    if not os.path.isabs(compiler):
        work.missing = "cc1"
        return work
    source, work.result = f"{scratch}/generated.c", f"{scratch}/generated.s"
    with open(source, "w", encoding="ascii") as file:
        subprocess.run([sys.executable, f"{HERE}/generate_c.py", str(FUNCTIONS_FOR_CC1)], stdout=file, check=True)
    work.command = [compiler, "-quiet", "-O2", source, "-o", work.result]
    return work


def redis(scratch):
    work = Workload("redis", "redis-server under redis-benchmark", unit="requests/s")
    for needed in "redis-server", "redis-benchmark", "redis-cli":
        if not shutil.which(needed):
            work.missing = needed
            return work
    socket = f"{scratch}/redis.socket"
    work.command = ["redis-server", "--save", "", "--appendonly", "no", "--port", "0", "--unixsocket", socket,
                    "--dir", scratch, "--ignore-warnings", "ARM64-COW-BUG"]
    work.client = [f"{HERE}/redis_load.sh", socket, "100000"]
    return work


def go_program(build, name, about, program, *words, **more):
    """A program under bench/go, which is built where there is a Go toolchain."""
    path = f"{build}/bench/go/{program}"
    return Workload(name, about, [path, *words], missing="" if os.path.exists(path) else "go", **more)


def go_exchange(build):
    return go_program(build, "go-exchange", "Go: a million calls to C that allocate, and as many that free", "exchange",
                      "1000000", unit="ns per pair")


def go_http(build, scratch):
    address = f"{scratch}/go-http.address"
    return go_program(build, "go-http", f"Go: an HTTP server with cgo enabled, {CONNECTIONS} connections", "server", address,
                      client=[f"{build}/bench/go/load", address, REQUESTS, CONNECTIONS], unit="requests/s")


def simple(name, about, command, stdin="/dev/null"):
    return Workload(name, about, command, missing="" if shutil.which(command[0]) else command[0], stdin=stdin)


def all_workloads(build, scratch):
    churns = [churn(build, f"churn-{depth}-{threads}", f"churn, depth {depth}, threads: {threads}",
                    "1000000", str(depth), str(threads), "1000", "100") for depth in (6, 24, 60) for threads in (1, 2)]
    return churns + [
        churn(build, "churn-24-other", "churn, depth 24, freed by another thread",
              "1000000", "24", "1", "1000", "100", "other"),
        churn(build, "live-5m", "churn, depth 24, 5 million blocks held", "6000000", "24", "1", "5000000", "100"),
        cc1(scratch),
        simple("python3", "python3: JSON, text, objects", [sys.executable, f"{HERE}/python_work.py"]),
        simple("sqlite3", "sqlite3: 300,000 rows in memory", ["sqlite3", ":memory:"], f"{HERE}/rows.sql"),
        redis(scratch),
        go_exchange(build),
        go_http(build, scratch),
    ]
