"""What is fuzzed: readers of bytes that nobody vouches for. Each may raise its own error and no other.

    python tests/fuzz/targets.py frames|yaml [SECONDS]

runs atheris (pip install -e ".[fuzz]") on one target, starting from its corpus; what it finds is left in a
temporary folder, to be copied to the corpus where worth keeping. The tests replay and mutate the corpus
without atheris.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from grader.course import CourseError, ExerciseFile, Misconception, strict_yaml
from grader.sandbox import pool as client, protocol

CORPUS = Path(__file__).parent / "corpus"


def frames(data: bytes) -> None:
    """Read bytes as a worker's answer, all the way to the values."""
    try:
        if len(data) < protocol.LENGTHS.size:
            return
        size = protocol.frame_size(data)
        if size > len(data):
            return  # the client would wait for the rest until its deadline
        message, body = protocol.unpack(data[:size])
        client.read_answer(message, body)
    except protocol.ProtocolError:
        return


def yaml(data: bytes) -> None:
    """Read bytes as each kind of course file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file.yaml"
        path.write_bytes(data)
        for kind in (ExerciseFile, tuple[Misconception, ...]):
            try:
                strict_yaml.load(path, kind)
            except CourseError as error:
                assert "\n" not in str(error), "a fault is one sentence"  # noqa: PT017


TARGETS: dict[str, Callable[[bytes], None]] = {"frames": frames, "yaml": yaml}


def main() -> None:
    """Run atheris on the target that the command line names."""
    import atheris  # type: ignore[import-untyped, import-not-found, unused-ignore]

    name, seconds = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "60"
    atheris.instrument_all()
    finds = tempfile.mkdtemp(prefix="finds-")
    print(f"new finds go to {finds}")
    options = [f"-max_total_time={seconds}", "-max_len=4096", "-timeout=10", "-rss_limit_mb=2048"]
    atheris.Setup([sys.argv[0], *options, finds, str(CORPUS / name)], TARGETS[name])
    os.chdir(tempfile.mkdtemp())  # where a crash would be kept
    atheris.Fuzz()


if __name__ == "__main__":
    main()
