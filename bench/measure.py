"""Runs one command and measures its whole tree of processes: when the program ended and when everything had, the
processor time of all, and the peak of resident memory of the program and of the processes around it.

The caller becomes the reaper of orphans (PR_SET_CHILD_SUBREAPER), so that what a tool leaves in the background is
waited for and counted. Memory peaks are read from /proc every SAMPLE_SECONDS while the processes live."""
import ctypes
import os
import select
import signal
import time
from dataclasses import dataclass

SAMPLE_SECONDS = 0.02
SEARCH_SECONDS = 0.002  # until the program has been found
PR_SET_CHILD_SUBREAPER = 36


@dataclass
class Run:
    status: int  # exit status, negative: the signal that ended it
    timed_out: bool
    program_seconds: float  # until the program's end
    total_seconds: float  # until the end of all
    cpu_seconds: float
    program_peak_kib: int
    others_peak_kib: int  # the peaks of all other processes, added


def adopt_orphans():
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def children_of(pid):
    """Direct children, of all threads."""
    found = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as file:
                found += [int(word) for word in file.read().split()]
    except OSError:
        pass  # gone meanwhile
    return found


def peak_kib(pid):
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
            for line in file:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1])
    except OSError:
        pass
    return 0


def runs(pid, program):
    try:
        return os.readlink(f"/proc/{pid}/exe") == program
    except OSError:
        return False


class Tree:
    """The processes seen so far, and what is known of them."""

    def __init__(self, root, program, not_ours):
        self.root, self.program_path, self.not_ours = root, program, not_ours
        self.program = None  # its pid
        self.program_end = None
        self.peaks = {}
        self.ends = select.poll()
        self.descriptors = {}  # pid -> pidfd of a process that has not ended

    def look(self):
        pending = [pid for pid in children_of(os.getpid()) if pid != self.not_ours]
        while pending:
            pid = pending.pop()
            pending += children_of(pid)
            if pid not in self.peaks:
                self.watch(pid)
            self.peaks[pid] = max(self.peaks.get(pid, 0), peak_kib(pid))
            if self.program is None and runs(pid, self.program_path):
                self.program = pid

    def watch(self, pid):
        try:
            descriptor = os.pidfd_open(pid)
        except OSError:
            return
        self.descriptors[pid] = descriptor
        self.ends.register(descriptor, select.POLLIN)

    def wait(self):
        """Until a process ends or it is time to look again."""
        limit = SAMPLE_SECONDS if self.program is not None else SEARCH_SECONDS
        ready = {descriptor for descriptor, _ in self.ends.poll(limit * 1000)}
        now = time.monotonic()
        for pid, descriptor in list(self.descriptors.items()):
            if descriptor in ready:
                self.ends.unregister(descriptor)
                os.close(descriptor)
                del self.descriptors[pid]
                if pid == (self.program or self.root):
                    self.program_end = now

    def close(self):
        for descriptor in self.descriptors.values():
            os.close(descriptor)


def spawn(command, environment, stdin, stdout, stderr):
    opened = [
        (os.POSIX_SPAWN_OPEN, 0, stdin, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, stdout, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644),
        (os.POSIX_SPAWN_OPEN, 2, stderr, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644),
    ]
    return os.posix_spawnp(command[0], command, environment, file_actions=opened, setpgroup=0)


def measure(command, program, environment, stdin, stdout, stderr, client=None, client_stdout=None, limit_seconds=600):
    """command: what to start; program: the executable whose end is of interest (command's own, if none in the tree
    has it); client: a command that runs beside it and isn't counted."""
    start = time.monotonic()
    root = spawn(command, environment, stdin, stdout, stderr)
    beside = spawn(client, dict(os.environ), "/dev/null", client_stdout, client_stdout + ".err") if client else None
    tree = Tree(root, os.path.realpath(program), beside)
    cpu, status, timed_out, end = 0.0, None, False, start
    while True:
        tree.look()
        tree.wait()
        while True:
            try:
                pid, wait_status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                tree.close()
                peaks = dict(tree.peaks)
                own = peaks.pop(tree.program or root, 0)
                return Run(status, timed_out, (tree.program_end or end) - start, end - start, cpu, own, sum(peaks.values()))
            if pid == 0:
                break
            if pid == beside:
                continue
            end = time.monotonic()
            cpu += usage.ru_utime + usage.ru_stime
            if pid == root:
                status = os.waitstatus_to_exitcode(wait_status)
        if time.monotonic() - start > limit_seconds and not timed_out:
            timed_out = True
            for pid in list(tree.descriptors) + ([beside] if beside else []):
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
