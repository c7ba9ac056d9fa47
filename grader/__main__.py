"""The command ``grader``."""

import gc


def main() -> None:
    """Run the command line as the whole program of a process."""
    from grader.cli import main as run  # not where a process of `grader grade` imports this file again

    try:
        run()
    finally:
        gc.freeze()  # Python would look through all of NumPy and pytest once more before it ends


if __name__ == "__main__":
    main()
