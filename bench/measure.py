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
SEARCH_SECONDS = 0.002  # while the program has not been found, for at most
MOST_SEARCHES = 500  # (under valgrind there is none of its name)
PR_SET_CHILD_SUBREAPER = 36


@dataclass
class Run:
    status: int  # exit status, negative: the signal that ended it
    timed_out: bool
    program_seconds: float  # until the program's end
    total_seconds: float  # until the end of all
    cpu_seconds: float
    program_peak_kib: int
    others_peak_kib: int  # the peaks of all processes that run something else, added


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
        self.searches = 0
        self.peaks = {}
        self.same = set()  # processes that run the program's executable, as far as was seen
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
            if runs(pid, self.program_path):
                self.same.add(pid)
                self.program = self.program or pid

    def watch(self, pid):
        try:
            descriptor = os.pidfd_open(pid)
        except OSError:
            return
        self.descriptors[pid] = descriptor
        self.ends.register(descriptor, select.POLLIN)

    def wait(self):
        """Until a process ends or it is time to look again."""
        self.searches += 1
        searching = self.program is None and self.searches < MOST_SEARCHES
        limit = SEARCH_SECONDS if searching else SAMPLE_SECONDS
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


def kill(pids):
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def reap():
    """(pid, exit status, processor seconds) of each child that has ended; the last is None if no child is left."""
    while True:
        try:
            pid, status, usage = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            yield None
            return
        if pid == 0:
            return
        yield pid, os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime


def measure(command, program, environment, stdin, stdout, stderr, client=None, client_stdout=None, limit_seconds=600):
    """command: what to start; program: the executable whose end is of interest (command's own, if none in the tree
    has it); client: a command that runs beside it and isn't counted. If one of the two fails, the other is killed."""
    start = time.monotonic()
    root = spawn(command, environment, stdin, stdout, stderr)
    beside = spawn(client, dict(os.environ), "/dev/null", client_stdout, client_stdout + ".err") if client else None
    tree = Tree(root, os.path.realpath(program), beside)
    run = Run(None, False, 0.0, 0.0, 0.0, 0, 0)
    client_runs, left = beside is not None, True
    while left:
        tree.look()
        tree.wait()
        for ended in reap():
            if ended is None:
                left = False
                break
            pid, status, cpu_seconds = ended
            if pid == beside:
                client_runs = False
                if status != 0:
                    kill(tree.descriptors)
                continue
            run.total_seconds = time.monotonic() - start
            run.cpu_seconds += cpu_seconds
            if pid == root:
                run.status = status
                if status != 0 and client_runs:
                    kill([beside])
        if time.monotonic() - start > limit_seconds and not run.timed_out:
            run.timed_out = True
            kill(list(tree.descriptors) + ([beside] if client_runs else []))
    run.program_seconds = tree.program_end - start if tree.program_end else run.total_seconds
    run.program_peak_kib = tree.peaks.get(tree.program or root, 0)
    run.others_peak_kib = sum(peak for pid, peak in tree.peaks.items() if pid not in tree.same | {tree.program or root})
    tree.close()
    return run
