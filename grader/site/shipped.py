"""What a browser gets besides pages: Pyodide, which is Python for browsers, the program, and the course."""

import base64
import importlib.metadata
import json
import re
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path

import grader
from grader.course import CannotDo, Course, Exercise, strict_yaml, zipped
from grader.quiz import Quiz

VERSION = "0.27.7"
CDN = f"https://cdn.jsdelivr.net/pyodide/v{VERSION}/full/"
CORE = {
    "pyodide.asm.js": "6b4c90de5b7172873f04f21884d0e9d2274e305fe32116558fe3e4fbe3618d51",
    "pyodide.js": "b4cb23a53aba19c221659b9fb40a2f18281d685691dc06647fb0afd0681baf98",
    "pyodide.asm.wasm": "a50dd1843f805a0b7c45b61037ee0d7b26dfe85efe0e18ef95a34ad24e401f5f",
    "python_stdlib.zip": "16611534726e5d8ac2bd8f926410b2dcb8d6f49aa24913463533b457a2115c16",
}
"""The interpreter and its standard library, with their SHA-256; npm and the CDN serve the same files."""
WHEELS = {
    "numpy-2.0.2-cp312-cp312-pyodide_2024_0_wasm32.whl": (
        "ebb61241d962b98b21597d7ce43b67668a6d5bab3acec4fbe958657320d7cd08"
    ),
    "sqlite3-1.0.0-cp312-cp312-pyodide_2024_0_wasm32.whl": (
        "43061928762b03482676a1e11dcef99a003148e59fe914b6a3e41180c382cfc3"
    ),
}
"""Libraries that Pyodide builds, as its ``pyodide-lock.json`` names them; the CDN alone has them."""
HOSTED = f"pyodide-{VERSION}"  # where a site keeps what it hosts itself
INFO = {"abi_version": "2024_0", "arch": "wasm32", "platform": "emscripten_3_1_58", "python": "3.12.7"}

ROOMS = ("sandbox", "course", "checks", "progress", "quiz", "reports", "site")
LIBRARIES = {
    "program": ("pyyaml", "markdown-it-py", "mdurl", "mdit-py-plugins", "latex2mathml"),
    "checks": ("pytest", "pluggy", "iniconfig", "packaging", "pygments", "jinja2", "markupsafe"),
}
"""Libraries in Python alone, as they are installed here: what quizzes need, and what checks need besides."""
PYGMENTS = re.compile(
    r".*dist-info/.*"
    r"|pygments/(\w+|\w+/(__init__|_mapping|default)|lexers/(python|diff)|formatters/(terminal|html))\.py"
)
"""What pytest imports of Pygments, whose hundreds of languages are six times as large as all the rest."""
KEPT = (".py", ".txt", ".html", ".css", ".json")
LICENCE = ("LICEN", "COPYING", "NOTICE", "AUTHORS", "METADATA")
ORIGINALS = "originals"  # quizzes as they were handed out: their hash goes with the answers


def hosted_files(runtime: str) -> dict[str, bytes]:
    """Return the files of Pyodide that a site serves itself; the others come from the CDN.

    ``cdn`` is for none of them, ``npm`` for the interpreter as npm has it, else it is a folder that holds the
    interpreter, and perhaps wheels. CannotDo says that a file is missing, or another one than it should be.
    """
    if runtime == "cdn":
        return {}
    if runtime != "npm":
        return _checked(Path(runtime))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        order = [shutil.which("npm") or "npm", "pack", "--silent", f"pyodide@{VERSION}"]
        try:
            subprocess.run(order, cwd=folder, check=True, capture_output=True, text=True)
            (packed,) = folder.glob("*.tgz")
            with tarfile.open(packed) as archive:
                for file in CORE:
                    member = archive.extractfile(f"package/{file}")
                    (folder / file).write_bytes(member.read() if member else b"")
        except FileNotFoundError:
            raise CannotDo("there is no npm here; install Node.js, or use --runtime cdn") from None
        except (subprocess.CalledProcessError, ValueError, KeyError, tarfile.TarError) as error:
            told = (getattr(error, "stderr", "") or str(error)).strip().splitlines()
            why = told[-1] if told else type(error).__name__
            raise CannotDo(f"npm could not fetch pyodide@{VERSION} ({why}); use --runtime cdn") from None
        return _checked(folder)


def _checked(folder: Path) -> dict[str, bytes]:
    """Read Pyodide's files from a folder; CannotDo unless they are what they should be."""
    found = {}
    for name, digest in (CORE | WHEELS).items():
        path = folder / name
        if not path.is_file():
            if name in CORE:
                raise CannotDo(f"{folder} has no {name}; it should hold Pyodide {VERSION}")
            continue
        found[name] = path.read_bytes()
        if sha256(found[name]).hexdigest() != digest:
            raise CannotDo(f"{path} is not the file of Pyodide {VERSION}; fetch it anew")
    return found


def file_entry(name: str, url: str, data: bytes | str) -> dict[str, object]:
    """Return what a page needs to fetch a file: where it is, and its hash, of its bytes or in hexadecimal."""
    digest = bytes.fromhex(data) if isinstance(data, str) else sha256(data).digest()
    return {"name": name, "url": url, "integrity": f"sha256-{base64.b64encode(digest).decode()}"}


def runtime_manifest(hosted: Mapping[str, bytes]) -> dict[str, object]:
    """Return where a page finds each file of Pyodide, and the list of packages that Pyodide wants to read."""
    files, packages = {}, {}
    for name, digest in (CORE | WHEELS).items():
        files[name] = file_entry(name, f"{HOSTED}/{name}" if name in hosted else CDN + name, digest)
    for name, digest in WHEELS.items():
        package, version, _ = name.split("-", 2)
        told = {"name": package, "version": version, "file_name": name, "imports": [package], "depends": []}
        packages[package] = {**told, "sha256": digest, "install_dir": "site", "package_type": "package"}
    return {
        "version": VERSION,
        "core": [files[name] for name in CORE],
        "packages": {name.partition("-")[0]: files[name] for name in WHEELS},
        "lock": json.dumps({"info": {**INFO, "version": VERSION}, "packages": packages}),
    }


# --- the program and the course ------------------------------------------------------------------------


def program_zip() -> bytes:
    """Return this program, but for what instructors and the command line need, and its libraries."""
    package = Path(grader.__file__).parent
    files = {}
    for path in sorted(package.rglob("*")):
        parts = path.relative_to(package).parts
        if path.suffix in KEPT and (len(parts) == 1 or parts[0] in ROOMS) and "vendor" not in parts:
            files["/".join(("grader", *parts))] = path.read_bytes()
    return zipped(files | libraries("program"))


def libraries(use: str) -> dict[str, bytes]:
    """Return the installed files of what is needed for a use, with licences, but not what is compiled."""
    files = {}
    for name in LIBRARIES[use]:
        for file in importlib.metadata.files(name) or ():
            licence = any(word in file.name.upper() for word in LICENCE)
            wanted = name != "pygments" or PYGMENTS.fullmatch(file.as_posix())
            if wanted and ".." not in file.parts and (file.suffix in KEPT or licence):
                files[file.as_posix()] = Path(str(file.locate())).read_bytes()
    return dict(sorted(files.items()))


def course_zip(course: Course, quizzes: Iterable[Quiz]) -> bytes:
    """Return the course without the files of its exercises, in JSON, which is read faster than YAML."""
    described = sorted((course.root / "exercises").glob("*/exercise.yaml"))
    files = {}
    for path in (course.root / "course.yaml", *described, *(quiz.path for quiz in quizzes)):
        files[path.relative_to(course.root).as_posix()] = strict_yaml.to_json(path).encode()
    files |= {f"{ORIGINALS}/{quiz.path.name}": quiz.path.read_bytes() for quiz in quizzes}
    return zipped(files)


def exercise_zip(exercise: Exercise) -> bytes:
    """Return what the checks of an exercise need: its stub, its checks and what is recorded."""
    files = {}
    for folder in (f"exercises/{exercise.id}", f"recorded/{exercise.id}"):
        for path in sorted((exercise.root / folder).iterdir()):
            if path.suffix in (".py", ".bin"):
                files[path.relative_to(exercise.root).as_posix()] = path.read_bytes()
            elif path.suffix == ".yaml" and folder.startswith("recorded"):
                files[path.relative_to(exercise.root).as_posix()] = strict_yaml.to_json(path).encode()
    return zipped(files)
