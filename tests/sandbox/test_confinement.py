"""Each layer of confinement by itself, what honest code may still do, and what a user is told of it.

The filter of system calls is run by an interpreter of its own here, for both machines, so that a machine that
is not at hand is tested too.
"""

from __future__ import annotations

import contextlib
import errno
import io
import json
import os
import platform
import re
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from grader.checks.report import reports_to_json
from grader.checks.run import check
from grader.checks.source import read_source
from grader.cli import main
from grader.course import Course
from grader.sandbox import LAYERS, REQUIRED, confinement, process, protocol
from grader.sandbox.doctor import MEANING, PROBES, probe
from grader.sandbox.pool import WorkerPool
from grader.sandbox.process import Zygote
from grader.sandbox.server import WorkerServer, serve_zygote
from grader.sandbox.worker import Budget, NoProcess, Worker, WorkerEnded

if TYPE_CHECKING:
    from tests.conftest import Grade

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="the layers are Linux's")

# --- the filter, instruction by instruction -----------------------------------------------------------

ALLOW, KILL = 0x7FFF0000, 0x80000000
REFUSE, UNKNOWN, PRETEND = 0x00050000 | errno.EPERM, 0x00050000 | errno.ENOSYS, 0x00050000
OWN = 4321
MACHINES = tuple(confinement.MACHINES)
X86_64, AARCH64 = 0xC000003E, 0xC00000B7
FOREIGN = (0x40000003, 0xC000003E, 0xC00000B7, 0x40000028, 0, 0xFFFFFFFF)  # i386, both, 32-bit ARM, nonsense
ONLY_WITH_ARGUMENTS = {
    "x86_64": {
        "kill": 62,
        "tgkill": 234,
        "mmap": 9,
        "mprotect": 10,
        "ioctl": 16,
        "fcntl": 72,
        "prlimit64": 302,
    },
    "aarch64": {
        "kill": 129,
        "tgkill": 131,
        "mmap": 222,
        "mprotect": 226,
        "ioctl": 29,
        "fcntl": 25,
        "prlimit64": 261,
    },
}
DANGEROUS = {  # numbers on x86_64 and aarch64
    "open": (2, None), "openat": (257, 56), "openat2": (437, 437), "stat": (4, None), "newfstatat": (262, 79),
    "statx": (332, 291), "access": (21, None), "faccessat": (269, 48), "readlink": (89, None),
    "readlinkat": (267, 78), "getdents64": (217, 61), "getcwd": (79, 17), "socket": (41, 198),
    "socketpair": (53, 199), "connect": (42, 203), "bind": (49, 200), "sendto": (44, 206),
    "sendmsg": (46, 211), "recvmsg": (47, 212), "clone": (56, 220), "fork": (57, None), "vfork": (58, None),
    "execve": (59, 221), "execveat": (322, 281), "clone3": (435, 435), "ptrace": (101, 117),
    "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "mount": (165, 40), "unshare": (272, 97),
    "setns": (308, 268), "chroot": (161, 51), "pivot_root": (155, 41), "bpf": (321, 280),
    "perf_event_open": (298, 241), "io_uring_setup": (425, 425), "keyctl": (250, 219),
    "userfaultfd": (323, 282), "memfd_create": (319, 279), "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438), "pidfd_send_signal": (424, 424), "rt_sigqueueinfo": (129, 138),
    "tkill": (200, 130), "prctl": (157, 167), "seccomp": (317, 277), "setuid": (105, 146),
    "setresuid": (117, 147), "setgroups": (116, 159), "setrlimit": (160, 164), "setsid": (112, 157),
    "setpriority": (141, 140), "sched_setscheduler": (144, 119), "sched_setaffinity": (203, 122),
    "shmget": (29, 194), "shmat": (30, 196), "msgget": (68, 186), "mq_open": (240, 180), "dup": (32, 23),
    "dup3": (292, 24), "pipe2": (293, 59), "truncate": (76, 45), "ftruncate": (77, 46),
    "unlinkat": (263, 35), "renameat": (264, 38), "mkdirat": (258, 34), "symlinkat": (266, 36),
    "linkat": (265, 37), "fchmod": (91, 52), "fchmodat": (268, 53), "fchownat": (260, 54),
    "utimensat": (280, 88), "setxattr": (188, 5), "name_to_handle_at": (303, 264), "personality": (135, 92),
    "pkey_mprotect": (329, 288), "process_madvise": (440, 440), "kexec_load": (246, 104),
    "init_module": (175, 105), "reboot": (169, 142), "inotify_init1": (294, 26),
}  # fmt: skip


def verdict(machine: str, number: int, *arguments: int, architecture: int | None = None) -> int:
    """Run the filter for one system call and return what it decides."""
    if architecture is None:
        architecture = {"x86_64": X86_64, "aarch64": AARCH64}[machine]
    padded = [one % 2**64 for one in (*arguments, *[0] * 6)][:6]
    data = struct.pack("<IIQ6Q", number % 2**32, architecture, 0, *padded)
    code = confinement.filter_program(machine, OWN)
    accumulator = at = 0
    for _ in range(len(code)):  # jumps go forward only, so it ends by then
        operation, if_true, if_false, operand = code[at]
        at += 1
        match operation:
            case 0x20:
                (accumulator,) = struct.unpack_from("<I", data, operand)
            case 0x15:
                at += if_true if accumulator == operand else if_false
            case 0x35:
                at += if_true if accumulator >= operand else if_false
            case 0x45:
                at += if_true if accumulator & operand else if_false
            case 0x06:
                return operand
            case _:
                raise AssertionError(f"an operation that the filter should not need: {operation:#x}")
    raise AssertionError("the filter has no end")


@pytest.mark.parametrize("machine", MACHINES)
def test_the_filter_is_one_that_a_kernel_takes(machine: str) -> None:
    code = confinement.filter_program(machine, OWN)
    assert len(code) < 4096
    for at, (operation, if_true, if_false, operand) in enumerate(code):
        assert 0 <= operand < 2**32
        if operation in (0x15, 0x35, 0x45):
            assert max(if_true, if_false) <= 255
            assert at + 1 + max(if_true, if_false) < len(code)
        if operation == 0x20:
            assert operand % 4 == 0
            assert operand < 64
    assert code[-1][0] == 0x06


@pytest.mark.parametrize("machine", MACHINES)
def test_the_filter_decides_every_call_as_the_table_says(machine: str) -> None:
    column = MACHINES.index(machine)
    allowed = {numbers[column] for numbers in confinement.ALLOWED.values()}
    pretended = {numbers[column] for numbers in confinement.PRETENDED.values()}
    by_argument = set(ONLY_WITH_ARGUMENTS[machine].values())
    for number in range(601):
        if number in by_argument:
            continue
        wanted = (
            ALLOW
            if number in allowed
            else PRETEND
            if number in pretended
            else UNKNOWN
            if number >= confinement.FIRST_UNKNOWN
            else REFUSE
        )
        for arguments in ((), (OWN, OWN, OWN), (2**64 - 1,) * 6):
            assert verdict(machine, number, *arguments) == wanted, number


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("name", DANGEROUS)
def test_a_dangerous_call_is_refused_whatever_its_arguments(machine: str, name: str) -> None:
    number = DANGEROUS[name][MACHINES.index(machine)]
    if number is None:
        assert machine == "aarch64"  # which has no such call
        return
    for arguments in ((), (OWN,), (0,) * 6, (2**64 - 1,) * 6, (1, 2, 3, 4, 5, 6)):
        assert verdict(machine, number, *arguments) in (REFUSE, UNKNOWN)


@pytest.mark.parametrize("machine", MACHINES)
def test_calls_of_another_machine_end_the_process(machine: str) -> None:
    own = {"x86_64": X86_64, "aarch64": AARCH64}[machine]
    for architecture in FOREIGN:
        if architecture != own:
            for number in (0, 1, 39, 63, 200):
                assert verdict(machine, number, architecture=architecture) == KILL


def test_calls_in_the_x32_form_end_the_process() -> None:
    for number in (0, 1, 9, 39, 59, 520, 0x3FFFFFFF, -1):
        assert verdict("x86_64", number % 2**32 | 0x40000000) == KILL


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("name", ["kill", "tgkill"])
def test_a_process_signals_itself_only(machine: str, name: str) -> None:
    number = ONLY_WITH_ARGUMENTS[machine][name]
    assert verdict(machine, number, OWN, OWN, 9) == ALLOW
    for other in (0, 1, -1, -OWN, OWN - 1, OWN + 1, 2**31):
        for sent in (0, 9, 15, 18):
            assert verdict(machine, number, other, OWN, sent) == REFUSE


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("name", ["mmap", "mprotect"])
def test_no_memory_becomes_executable(machine: str, name: str) -> None:
    number = ONLY_WITH_ARGUMENTS[machine][name]
    for protection in range(64):
        wanted = REFUSE if protection & 4 else ALLOW
        assert verdict(machine, number, 0, 4096, protection, 0x22, 2**64 - 1) == wanted
    assert verdict(machine, number, 0, 4096, 0x01000007) == REFUSE


@pytest.mark.parametrize("machine", MACHINES)
def test_of_some_calls_only_the_questions_are_allowed(machine: str) -> None:
    numbers = ONLY_WITH_ARGUMENTS[machine]
    for request in range(0x5400, 0x5480):  # terminals: 0x5412 would type for the user
        wanted = ALLOW if request in (0x5401, 0x5413, 0x541B) else REFUSE
        assert verdict(machine, numbers["ioctl"], 0, request) == wanted
    for request in (*range(40), 1024, 1030, 1033):  # descriptors: flags are read, none is set or copied
        assert verdict(machine, numbers["fcntl"], 0, request) == (ALLOW if request in (1, 3) else REFUSE)
    for pid, new in ((0, 0x7F0000001000), (0, 2**32), (1, 0), (OWN, 0), (2**31, 0)):
        assert verdict(machine, numbers["prlimit64"], pid, 9, new) == REFUSE
    assert verdict(machine, numbers["prlimit64"], 0, 9, 0, 0x7F0000001000) == ALLOW


HEADERS = {
    "x86_64": ("/usr/include/x86_64-linux-gnu/asm/unistd_64.h", "/usr/include/asm/unistd_64.h"),
    "aarch64": ("/usr/include/asm-generic/unistd.h",),
}


@pytest.mark.parametrize("machine", MACHINES)
def test_the_numbers_are_those_of_the_kernel(machine: str) -> None:
    found = [Path(name) for name in HEADERS[machine] if Path(name).is_file()]
    if not found:
        pytest.skip(f"the kernel's headers are not installed: {HEADERS[machine][0]}")
    text = found[0].read_text(encoding="utf-8")
    kernel = {name: int(number) for name, number in re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", text)}
    kernel.setdefault("newfstatat", kernel.get("fstatat", -1))  # its name where there is no older one
    column = MACHINES.index(machine)
    tables = {**confinement.ALLOWED, **confinement.PRETENDED, **DANGEROUS}
    for name, numbers in tables.items():
        assert kernel.get(name) == numbers[column], name
    for name, number in ONLY_WITH_ARGUMENTS[machine].items():
        assert kernel[name] == number, name
        assert confinement.BY_ARGUMENTS[name][column] == number
    unknown = [name for name, number in kernel.items() if number < confinement.FIRST_UNKNOWN]
    assert len(unknown) > 250  # the headers were understood


# --- each layer by itself -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def unconfined() -> Iterator[WorkerPool]:
    with WorkerPool(layers=()) as pool:
        yield pool


@linux_only
@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_refuses_alone_what_goes_through_without_it(layer: str) -> None:
    alone = probe(layer)
    if not alone.active:
        with WorkerPool(layers=(layer,)) as pool:
            worker = pool.open()
            worker.end()
        assert layer not in worker.layers, "it is claimed, and refuses nothing"
        pytest.skip(f"this machine does not offer {layer}")
    assert alone.meaning == ""


@linux_only
def test_a_layer_that_is_switched_off_is_told_with_what_that_means() -> None:
    without = probe("seccomp", layers=())
    assert not without.active
    assert without.meaning == MEANING["seccomp"]
    assert [layer for layer in LAYERS if not MEANING[layer]] == []


@linux_only
@pytest.mark.parametrize("layer", sorted({*LAYERS} - {*REQUIRED}))
def test_a_layer_that_was_not_asked_for_is_not_claimed(layer: str) -> None:
    """Of the others it would not be told that they are missing, below."""
    wanted = tuple(one for one in LAYERS if one != layer)
    with WorkerPool(layers=wanted) as pool:
        worker = pool.open()
        worker.end()
    assert set(worker.layers) <= set(wanted)


@linux_only
@pytest.mark.parametrize("layer", LAYERS)
def test_what_a_layer_refuses_goes_through_where_nothing_is_confined(
    layer: str, unconfined: WorkerPool
) -> None:
    """Else its probe would prove nothing; some attempts need the privileges of root."""
    if layer == "account" and os.geteuid() != 0:
        pytest.skip("only root can become root")
    attempt = PROBES[layer][1].format(grader=os.getpid(), memory="bytearray(1 << 30)")
    source = f"import os\n\n\ndef attempt():\n    {attempt}\n    return 'done'\n"
    worker = unconfined.open()
    worker.load("attempt", "attempt.py", source.encode(), 10.0)
    answer = worker.call("attempt", (), 10.0)
    worker.end()
    assert answer.value == "done", answer


# --- what a user is told ------------------------------------------------------------------------------

WITHOUT_FILTERS = (
    "refused = [(c.EQUAL, 0, 3, 157), (c.LOAD, 0, 0, c.LOW_HALF_AT[0]),"
    " (c.EQUAL, 0, 1, c.PR_SET_SECCOMP), (c.RETURN, 0, 0, c.ERRNO | errno.EINVAL)]"
)
WITHOUT_LIMITS, WITHOUT_LANDLOCK = (
    f"refused = [step for call in ({call},) for step in"
    " ((c.EQUAL, 0, 1, call), (c.RETURN, 0, 0, c.ERRNO | errno.EPERM))]"
    for call in (302, 446)
)
WITHOUT_PROCESSES = (
    "refused = [step for call in (56, 57, 58, 435) for step in"
    " ((c.EQUAL, 0, 1, call), (c.RETURN, 0, 0, c.ERRNO | errno.EAGAIN))]"
)


def run_where(machine: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the command line where the kernel refuses something: a filter of our own stands in for that."""
    program = (
        f"import errno, struct, sys; from grader.sandbox import confinement as c; {machine}; "
        "steps = [(c.LOAD, 0, 0, c.NUMBER_AT), *refused, (c.RETURN, 0, 0, c.ALLOW)]; "
        "c.apply_code(b''.join(struct.pack('=HBBI', *step) for step in steps)); "
        f"from grader.cli import main; sys.argv[1:] = {list(arguments)!r}; main()"
    )
    return subprocess.run(
        [sys.executable, "-c", program], cwd=cwd, capture_output=True, text=True, timeout=120
    )


x86_only = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() != "x86_64", reason="system calls have other numbers"
)


@pytest.mark.slow
@x86_only
@pytest.mark.parametrize(
    ("machine", "missing"),
    [(WITHOUT_FILTERS, "seccomp"), (WITHOUT_LIMITS, "limits"), (WITHOUT_LANDLOCK, "landlock")],
    ids=["seccomp", "limits", "landlock"],
)
def test_a_kernel_that_refuses_what_it_says_it_has_is_found_out(
    machine: str, missing: str, course: Course
) -> None:
    """As in containers of some virtual machines: /proc says that there are filters, and none is taken."""
    arguments = ["check", "exercise-1", "--submission", "solutions"]
    done = run_where(machine, *arguments, cwd=course.root)
    assert done.returncode == 0, done.stdout + done.stderr
    said = f"not fully confined (without {missing})" in " ".join(done.stdout.split())
    assert said == (missing != "landlock"), "which is a second line behind the others"
    done = run_where(machine, *arguments, "--confinement", "required", cwd=course.root)
    if missing == "landlock":
        assert done.returncode == 0
        return
    assert (done.returncode, done.stdout) == (3, "")
    assert f"cannot confine student code as required: {missing} missing" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@x86_only
@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "exercise-1", "--submission", "solutions"),
        ("doctor",),
        ("grade", "submissions", "--exercise", "exercise-1", "-o", "results"),
        ("debug", "exercise-1"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_a_limit_on_processes_is_told_in_one_sentence(arguments: tuple[str, ...], tiny_copy: Course) -> None:
    solution = tiny_copy["exercise-1"].solution_path
    folder = tiny_copy.root / "submissions" / "ada" / "exercise-1"
    folder.mkdir(parents=True)
    (folder / solution.name).write_bytes(solution.read_bytes())
    done = run_where(WITHOUT_PROCESSES, *arguments, cwd=tiny_copy.root)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "no further process" in done.stderr
    assert "ulimit -u" in done.stderr
    assert "report it" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tiny_copy.root / "results" / "index.html").exists()


@linux_only
@pytest.mark.parametrize("layers", [[], ["seccomp"]], ids=["at-the-first-worker", "at-the-start"])
def test_a_warm_process_that_cannot_fork_says_so(layers: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> int:
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    monkeypatch.setattr(os, "fork", refuse)
    monkeypatch.setattr(confinement, "hide_from_others", lambda: None)
    near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with near, far:
        server = threading.Thread(target=serve_zygote, args=(far, layers, WorkerServer(io.BytesIO())))
        server.start()
        for _ in range(2):  # it goes on, and a later request may be granted
            channel, other = socket.socketpair()
            with channel, other:
                socket.send_fds(near, [b'["spawn", 1, 1]'], [other.fileno()])
                assert protocol.unpack(channel.recv(100))[0] == ["refused", errno.EAGAIN]
        near.shutdown(socket.SHUT_WR)
        server.join()


@linux_only
def test_a_pool_says_that_no_worker_could_be_forked() -> None:
    class Refusing:
        layers = ()

        def spawn(self, _: object, sockets: Sequence[socket.socket]) -> process.Forked:
            sockets[0].sendall(protocol.pack(["refused", errno.EAGAIN]))
            return process.Forked(self)  # type: ignore[arg-type]

        def close(self) -> None:
            pass

    with (
        WorkerPool(Refusing()) as pool,  # type: ignore[arg-type]
        pytest.raises(NoProcess, match=r"lets no further process start .* `ulimit -u`"),
    ):
        pool.open()


@linux_only
@pytest.mark.parametrize("missing", REQUIRED)
def test_too_little_confinement_is_refused_where_it_is_required(
    missing: str,
    course: Course,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    weaker = tuple(layer for layer in LAYERS if layer != missing)
    monkeypatch.setattr("grader.sandbox.process.start_early", lambda: Zygote(weaker))
    arguments = ["check", "exercise-1", "--submission", "solutions", "--confinement", "required"]
    monkeypatch.chdir(course.root)
    monkeypatch.setattr(sys, "argv", ["grader", *arguments])
    with pytest.raises(SystemExit) as stopped:
        main()
    captured = capsys.readouterr()
    assert stopped.value.code == 3
    assert captured.out == ""
    assert f"{missing} missing" in captured.err
    assert len(captured.err.strip().splitlines()) == 1


@linux_only
@pytest.mark.parametrize("layers", [LAYERS, REQUIRED, ()], ids=["all", "three", "none"])
def test_a_report_says_how_the_code_was_confined(
    layers: tuple[str, ...], course: Course, pool: WorkerPool, unconfined: WorkerPool
) -> None:
    exercise = course["exercise-1"]
    with contextlib.ExitStack() as own:
        known = {LAYERS: pool, (): unconfined}
        used = known[layers] if layers in known else own.enter_context(WorkerPool(layers=layers))
        worker = used.open()
        worker.end()
        report = check(exercise, read_source(exercise, course.root / "solutions"), pool=used)
    assert report.confinement == worker.layers
    assert set(report.confinement) <= set(layers)
    assert f'"confinement": {json.dumps(list(worker.layers))}' in re.sub(
        r"\s*\n\s*", " ", reports_to_json([report])
    ).replace("[ ", "[").replace(" ]", "]")


ENDLESS = "def double(x):\n    while True:\n        pass\n"
GREEDY = "def rnn_step_forward(x, h_prev, params):\n    return bytearray(1 << 29)\n"


@linux_only
def test_the_limit_of_memory_is_named(grade: Grade, course: Course) -> None:
    report = grade(GREEDY, course=course, memory_bytes=64 * 2**20)
    assert report.earned == 0
    assert "`rnn_step_forward` raises MemoryError" in report.outcomes[0].message
    assert "(a check may use 64 MB)" in report.outcomes[0].message


@pytest.mark.slow
@linux_only
def test_the_limit_of_processor_time_is_named(
    grade: Grade, pool: WorkerPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It strikes where the wall clock does not: here each worker gets one second of it."""
    opened = pool.open

    def one_second(budget: Budget) -> Worker:
        return opened((budget[0], 1))

    monkeypatch.setattr(pool, "open", one_second)
    report = grade(ENDLESS, call_seconds=20.0, exercise_seconds=30.0)
    assert report.earned == 0
    assert "used up its processor time" in report.outcomes[0].message


@linux_only
def test_processor_time_ends_a_worker_that_ignores_the_warning(pool: WorkerPool) -> None:
    source = b"""
import signal
signal.signal(signal.SIGXCPU, signal.SIG_IGN)

def spin():
    while True:
        pass
"""
    worker = pool.open((64 * 2**20, 1))
    assert worker.load("spin", "spin.py", source, 5.0) == ()
    with pytest.raises(WorkerEnded) as ended:
        worker.call("spin", (), 20.0)
    assert ended.value.status == -signal.SIGKILL


# --- what honest code may do --------------------------------------------------------------------------

FEATURES = r"""# Each function uses one thing that a student may reach for.
import numpy as np


def use_random():
    rng = np.random.default_rng()
    return rng.normal(size=3), rng.permutation(5), rng.choice(4)


def use_legacy_random():
    np.random.seed(3)
    return np.random.randn(2, 2), np.random.RandomState(1).rand()


def use_bit_generators():
    return np.random.Generator(np.random.PCG64(1)).integers(9), np.random.MT19937().random_raw()


def use_linalg():
    a = np.eye(4) + 1
    return np.linalg.inv(a), np.linalg.svd(a), np.linalg.eigh(a), np.linalg.qr(a)


def use_solve():
    a = np.eye(40) + 1
    return np.linalg.solve(a, a), np.linalg.lstsq(a, a, rcond=None)[0]


def use_large_products():
    a = np.ones((400, 400))
    return (a @ a).sum(), np.linalg.norm(a)


def use_fft():
    return np.fft.rfft(np.arange(100.0)), np.fft.fft2(np.eye(8)), np.fft.fftfreq(8)


def use_masked_arrays():
    m = np.ma.masked_where(np.arange(4) > 2, np.arange(4.0))
    return m.mean(), str(m)


def use_polynomial():
    from numpy.polynomial import Polynomial
    return Polynomial.fit([1, 2, 3], [2, 4, 6], 1).coef


def use_numpy_testing():
    np.testing.assert_allclose([1.0], [1.0])
    return True


def use_numpy_testing_fails():
    try:
        np.testing.assert_allclose([1.0, 2.0], [1.0, 3.0])
    except AssertionError as e:
        return str(e)


def use_einsum():
    return np.einsum('ij,jk->ik', np.eye(3), np.ones((3, 2)), optimize=True)


def use_printing():
    print(np.random.rand(100, 100))
    return repr(np.linspace(0, 1, 2000)), np.array2string(np.eye(3))


def use_print_options():
    with np.printoptions(precision=3):
        return str(np.array([1 / 3]))


def use_structured():
    return np.array([(1, 2.0)], dtype=[('a', 'i4'), ('b', 'f8')])['a']


def use_lib():
    return np.lib.stride_tricks.sliding_window_view(np.arange(5), 2), np.pad(np.eye(2), 1)


def use_broadcast_and_sort():
    return np.sort(np.arange(9)[::-1]), np.unique([1, 1, 2]), np.histogram([1, 2, 3])[0]


def use_characters():
    return np.char.upper(np.array(['a'])).tolist(), np.array(['x', 'yy']).tolist()


def use_datetime64():
    return str(np.datetime64('2024-02-29') + np.timedelta64(1, 'D'))


def use_errstate():
    with np.errstate(all='ignore'):
        return np.float64(1) / np.zeros(2)


def use_vectorize():
    return np.vectorize(lambda v: v + 1)(np.arange(3)), np.apply_along_axis(sum, 0, np.eye(2))


def use_savetxt():
    import io
    s = io.StringIO()
    np.savetxt(s, np.eye(2))
    s.seek(0)
    return np.loadtxt(s)


def use_save():
    import io
    b = io.BytesIO()
    np.save(b, np.eye(2))
    b.seek(0)
    return np.load(b)


def use_savez():
    import io
    b = io.BytesIO()
    np.savez_compressed(b, a=np.eye(2))
    b.seek(0)
    return np.load(b)['a']


def use_info():
    import io
    s = io.StringIO()
    np.info(np.tanh, output=s)
    return len(s.getvalue())


def use_show_config():
    np.show_config()
    return np.__version__


def use_datetime():
    import datetime as d
    return d.datetime.now().strftime('%A %x %X'), str(d.date.today())


def use_strptime():
    import datetime as d
    return d.datetime.strptime('2024-01-31', '%Y-%m-%d').isoformat()


def use_decimal():
    import decimal
    return str(decimal.Decimal(2).sqrt()), str(decimal.getcontext().prec)


def use_fractions():
    import fractions
    return str(fractions.Fraction('1/3') + 1)


def use_statistics():
    import statistics as s
    return s.mean([1, 2, 3]), s.stdev([1.0, 2.0]), s.NormalDist().cdf(1)


def use_re():
    import re
    return re.sub(r'(?i)(A+)', r'<\1>', 'xaay'), re.findall('[α-ω]', 'αβ')


def use_collections():
    import collections as c
    return c.Counter('aab')['a'], c.namedtuple('P', 'x y')(1, 2)._asdict()


def use_dataclasses():
    import dataclasses as d
    @d.dataclass(frozen=True, slots=True)
    class P:
        x: int = 1
    return d.asdict(P()), repr(P())


def use_typing():
    import typing as t
    class P(t.NamedTuple):
        x: int = 1
    return P(), str(t.get_type_hints(P))


def use_enum():
    import enum
    class E(enum.IntFlag):
        A = 1
        B = 2
    return repr(E.A | E.B)


def use_csv():
    import csv, io
    s = io.StringIO()
    csv.writer(s).writerow([1, 'a,b'])
    return s.getvalue()


def use_json():
    import json
    return json.loads(json.dumps({'a': [1, 2.5, None]}, indent=2))


def use_pickle():
    import pickle, copy
    return pickle.loads(pickle.dumps(np.eye(2))), copy.deepcopy([np.eye(1)])


def use_hashlib():
    import hashlib, uuid, secrets
    return hashlib.sha256(b'').hexdigest(), len(uuid.uuid4().hex)


def use_getsource():
    import inspect
    return inspect.getsource(use_random)


def use_signature():
    import inspect
    return str(inspect.signature(use_random)), inspect.getdoc(np.tanh)[:20]


def use_disassemble():
    import dis, io
    s = io.StringIO()
    dis.dis(use_random, file=s)
    return len(s.getvalue())


def use_format_exc():
    import traceback
    try:
        1 / 0
    except ZeroDivisionError:
        return traceback.format_exc()


def use_print_exc():
    import traceback
    try:
        nmupy
    except NameError:
        traceback.print_exc()
    return True


def use_warnings():
    import warnings
    warnings.warn('careful')
    return np.sqrt(-np.ones(1)).shape


def use_logging():
    import logging
    logging.basicConfig(level=10)
    logging.info('x %s', 1)
    return True


def use_encodings():
    return 'ä€'.encode('utf-16').decode('utf-16'), 'é'.encode('cp1252').decode('latin-1')


def use_normalise():
    import unicodedata
    return unicodedata.normalize('NFC', 'e\u0301'), 'ß'.upper()


def use_sleep():
    import time
    time.sleep(0.01)
    return time.perf_counter() > 0, time.process_time() >= 0


def use_chdir():
    import os
    os.chdir('/')
    os.chdir('data')
    return os.getpid() > 0, os.cpu_count() != 0


def use_platform():
    import platform, sys
    return platform.system(), platform.python_version(), sys.byteorder


def use_paths():
    import pathlib, os.path
    return str(pathlib.Path('a') / 'b.npy'), os.path.splitext('x.py')


def use_no_such_file():
    import os
    try:
        open('weights.npy')
    except OSError as e:
        return type(e).__name__, os.path.exists('x')


def use_itertools():
    import itertools, functools, operator
    return functools.reduce(operator.mul, range(1, 6))


def use_caches():
    import functools
    @functools.lru_cache
    def f(n): return n if n < 2 else f(n - 1) + f(n - 2)
    return f(80)


def use_context_managers():
    import contextlib, io
    with contextlib.redirect_stdout(io.StringIO()) as s:
        print(1)
    return s.getvalue()


def use_abstract_classes():
    import abc
    class A(abc.ABC):
        @abc.abstractmethod
        def f(self): ...
    return A.__name__


def use_generators():
    return list(x * x for x in range(4)), [*zip('ab', range(2))], {**dict(a=1)}['a']


def use_async():
    async def f():
        return 1
    c = f()
    try:
        c.send(None)
    except StopIteration as e:
        return e.value


def use_weak_references():
    import weakref, gc
    class A:
        pass
    a = A()
    r = weakref.ref(a)
    del a
    gc.collect()
    return r() is None


def use_locale():
    import locale
    return locale.localeconv()['decimal_point'], f'{1234567.891:,.2f}'


def use_timeit():
    import timeit
    return timeit.timeit('1 + 1', number=10) >= 0


def use_threading_names():
    import threading
    return threading.current_thread().name, threading.Lock().locked()


def use_doctest():
    import doctest
    return doctest.testmod().failed


def use_unittest():
    import unittest
    return unittest.TestCase().assertEqual(1, 1) is None


def use_string_templates():
    import string, textwrap
    return string.Template('$a').substitute(a=1), textwrap.fill('a b', 1)


def use_compile():
    space = {}
    exec(compile('x = 1 + 1', 'mine', 'exec'), space)
    return space['x'], eval('2 * 3')


def use_big_integers():
    import math
    return math.factorial(100) % 97, math.comb(50, 25), 2**200 % 7


def use_exit_hooks():
    import atexit
    atexit.register(print, 'bye')
    return True
"""


@pytest.fixture(scope="module")
def confined() -> Iterator[Worker]:
    """One worker under all layers, with all features loaded."""
    with WorkerPool() as pool:
        worker = pool.open()
        stopped = worker.load("features", "features.py", FEATURES.encode(), 10.0)
        assert stopped == ()
        yield worker
        worker.end()


@pytest.mark.parametrize("feature", re.findall(r"(?m)^def (\w+)", FEATURES))
def test_honest_code_goes_on_working(feature: str, confined: Worker) -> None:
    answer = confined.call(feature, (), 20.0)
    assert answer.raised is None, answer.raised
    assert not answer.missing
    assert answer.unsendable == ""


WORDS = {
    **dict.fromkeys(("utf-8", "utf-8-sig", "latin-1", "iso8859-15", "cp1252", "mac-roman"), "Größe"),
    "ascii": "plain",
    "cp1251": "состояние",
    "gbk": "状态",
    "shift-jis": "状態",
}


@pytest.mark.parametrize("encoding", WORDS)
def test_a_source_in_another_encoding_is_read(encoding: str, pool: WorkerPool) -> None:
    cookie, word = encoding.removesuffix("-sig"), WORDS[encoding]
    source = f"# coding: {cookie}\ndef text():\n    return {word!r}\n".encode(encoding)
    worker = pool.open()
    assert worker.load("text", "text.py", source, 5.0) == ()
    value: Any = worker.call("text", (), 5.0).value
    worker.end()
    assert value == word


FAILING = b"""import traceback

def fail():
    try:
        return 1 / 0
    except ZeroDivisionError:
        return traceback.format_exc()
"""


def test_a_traceback_shows_the_students_lines(pool: WorkerPool) -> None:
    worker = pool.open()
    worker.load("fail", "fail.py", FAILING, 5.0)
    value: Any = worker.call("fail", (), 5.0).value
    worker.end()
    assert 'File "fail.py", line 5, in fail' in value
    assert "return 1 / 0" in value


def test_the_worker_can_be_imported_where_there_are_no_limits() -> None:
    """Windows has neither of these modules; its workers import the same program."""
    program = (
        "import sys; sys.modules.update(resource=None, fcntl=None, pty=None); import grader.sandbox.server"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).parents[2])
