"""Runs a command on a terminal of 80 columns and keeps what it shows as an SVG picture.

    python docs/capture.py PICTURE.svg COMMAND [ARG ...] [--type LINE LINE ...]

What follows --type is typed, a line each time the command asks. The picture loads nothing from elsewhere, so
that it shows wherever the README does.
"""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
import time

from rich.console import Console
from rich.text import Text

COLUMNS = 80


def main() -> None:
    """Capture and write."""
    target, *command = sys.argv[1:]
    place = command.index("--type") if "--type" in command else len(command)
    command, typed = command[:place], command[place + 1 :]
    shown = " ".join(["$", os.path.basename(command[0]), *command[1:]])
    console = Console(record=True, width=COLUMNS, file=open(os.devnull, "w"), force_terminal=True)  # noqa: SIM115
    console.print(Text(shown, style="bold"))
    console.print(Text.from_ansi(run_on_terminal(command, typed).replace("\r\n", "\n").rstrip()))
    svg = console.export_svg(title="grader")
    with open(target, "w", encoding="utf-8") as file:
        file.write(re.sub(r"@font-face\s*{.*?}", "", svg, flags=re.DOTALL))


def run_on_terminal(command: list[str], typed: list[str]) -> str:
    """Return all that a command writes to a terminal, and what is typed into it."""
    far, near = pty.openpty()
    environment = os.environ | {"COLUMNS": str(COLUMNS), "LINES": "50", "TERM": "xterm-256color"}
    process = subprocess.Popen(command, stdin=near, stdout=near, stderr=near, env=environment)
    os.close(near)
    data = bytearray()
    while True:
        try:
            part = os.read(far, 65536)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        data += part
        if typed and data.endswith(b"> "):
            time.sleep(0.2)  # until it reads
            os.write(far, f"{typed.pop(0)}\n".encode())
    process.wait()
    os.close(far)
    return data.decode("utf-8", "replace")


if __name__ == "__main__":
    main()
