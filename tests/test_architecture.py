"""Imports between rooms go one way, and what is heavy is loaded only when it is needed."""

import ast
import subprocess
import sys
import time
from pathlib import Path

import pytest

import cephalign

PACKAGE = Path(cephalign.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
NAMES = [str(file.relative_to(PACKAGE)) for file in FILES]

# A room imports from itself and from the lines above its own.
LEVELS = [
    {"errors"},
    {"geometry", "parallel"},
    {"io", "prep", "metrics"},
    {"simulate", "augmentation", "align", "models"},
    {"trust"},
    {"registration", "train"},
    {"describe", "report"},
    {"results"},
    {"rire", "study"},
    {"cli"},
]
LEVEL = {room: level for level, rooms in enumerate(LEVELS) for room in rooms}
# Where a library may be imported at all.
HOMES = {
    "torch": {"parallel", "simulate", "align", "models", "trust", "registration", "train", "study"},
    "safetensors": {"models"},
    "monai": {"models"},
    "skimage": {"metrics"},
    "matplotlib": {"train", "study"},
    "jinja2": {"report", "study"},
    "SimpleITK": {"io", "align"},
    "nibabel": {"io"},
    "pydicom": {"io"},
    "h5py": {"io"},
    "PIL": {"report"},
    "sklearn": {"models"},
    "threadpoolctl": {"models"},
    "typer": {"cli"},
}
HEAVY = {"torch", "numpy", "scipy", "SimpleITK", "nibabel", "pydicom", "h5py", "PIL", "rich", "sklearn"}
HEAVY |= {"matplotlib", "safetensors", "monai", "skimage"}


def room_of(path_or_name):
    """Return the room of a file or of a dotted name: `cli_files` belongs to `cli`."""
    first = str(path_or_name).removeprefix("cephalign.").replace("/", ".").split(".")[0]
    return {"__main__": "cli"}.get(first, first.split("_")[0])


def imported_names(file):
    """Yield the dotted name of everything a file imports, wherever in it the import stands."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file.name}: a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "__init__.py"])
def test_a_room_imports_only_from_below(name):
    room = room_of(name)
    assert room in LEVEL, f"{name}: give the new room a place in LEVELS"
    for imported in imported_names(PACKAGE / name):
        if imported.startswith("cephalign.") and imported != "cephalign.__version__":
            other = room_of(imported)
            assert other == room or LEVEL.get(other, 99) < LEVEL[room], f"{name} imports {imported}"


@pytest.mark.parametrize("name", NAMES)
def test_libraries_and_foreign_frames_stay_at_home(name):
    for imported in imported_names(PACKAGE / name):
        homes = HOMES.get(imported.split(".")[0], {room_of(name)})
        assert room_of(name) in homes, f"{name} imports {imported}"
        if imported.startswith("cephalign.io.frames"):
            assert room_of(name) == "io", f"{name} imports {imported}"


def loaded_by(code):
    """Return which heavy libraries a fresh interpreter has loaded after some code."""
    code += f"\nimport sys; print(*sorted({HEAVY} & set(sys.modules)), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stderr.split()


def test_the_package_loads_nothing_heavy():
    assert loaded_by("import cephalign; assert cephalign.__version__") == []


@pytest.mark.parametrize(
    "verb",
    [
        (),
        ("register",),
        ("reference",),
        ("simulate",),
        ("augment",),
        ("convert",),
        ("invert",),
        ("apply",),
        ("info",),
        ("identify",),
        ("rire",),
        ("train",),
        ("study",),
    ],
)
def test_help_loads_nothing_heavy(verb):
    run = f"import sys; sys.argv[1:] = {[*verb, '--help']}\nfrom cephalign.cli import main"
    assert loaded_by(f"{run}\ntry: main()\nexcept SystemExit as done: assert done.code == 0") == []


def test_help_answers_within_half_a_second(program):
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        subprocess.run([program, "--help"], capture_output=True, check=True)
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 0.5


def test_public_names_are_those_promised():
    assert set(cephalign.__all__) == set(cephalign._HOME)
    for name in cephalign.__all__:
        assert getattr(cephalign, name).__module__.startswith(f"cephalign.{cephalign._HOME[name]}")
    with pytest.raises(AttributeError, match="no attribute 'utils'"):
        _ = cephalign.utils
