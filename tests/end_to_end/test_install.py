"""`pip install .` into an empty environment: what lands there, and that it works without this tree."""

import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[2]
COMMANDS = ("lessonlight-tutor", "lessonlight-student", "lessonlight-admin", "lessonlight-demo")


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*map(str, command)], capture_output=True, text=True, check=False, timeout=120, cwd=cwd)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    built = run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", out, _copy(out), cwd=out)
    if built.returncode and (
        "connection" in built.stderr.lower() or "could not find a version" in built.stderr.lower()
    ):
        pytest.skip("offline: pip cannot fetch setuptools to build with")
    assert built.returncode == 0, built.stderr
    return next(out.glob("lessonlight-*.whl"))


def _copy(out: Path) -> Path:
    """A copy of what belongs to the tree, so that the build writes nothing into ours."""
    tracked = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=ROOT).stdout.split("\0")
    target = out / "tree"
    for name in filter(None, tracked):
        source = ROOT / name
        if source.is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            (target / name).write_bytes(source.read_bytes())
    return target


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel in it; what the wheel depends on is borrowed from ours, unless it is ours."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, with_pip=False)
    done = run(
        sys.executable, "-m", "pip", "--python", folder / "bin/python", "install", "--quiet", "--no-deps", wheel,
        cwd=folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    # A line in a .pth adds a folder without reading the .pth files in it, so our editable install stays out.
    (_site(folder) / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder


def _site(environment: Path) -> Path:
    return next((environment / "lib").glob("python3*/site-packages"))


def test_nothing_but_the_three_packages_lands_at_the_top(wheel: Path) -> None:
    top = {name.partition("/")[0] for name in ZipFile(wheel).namelist()}
    assert {name for name in top if not name.endswith(".dist-info")} == {"protocol", "student_client", "tutor_app"}


def test_every_package_and_every_resource_is_in_the_wheel(wheel: Path) -> None:
    """A package or data folder that was added, but not to pyproject.toml, is missed here rather than in a school."""
    packed = set(ZipFile(wheel).namelist())
    sources = {
        path.relative_to(ROOT).as_posix()
        for package in ("protocol", "student_client", "tutor_app")
        for path in (ROOT / package).rglob("*.py")
    }
    data = {
        f"protocol/{path.relative_to(ROOT).as_posix()}"
        for path in (ROOT / "resources").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert (sources | data | {"protocol/PROTOCOL.md"}) - packed == set()


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_runs(installed: Path, command: str) -> None:
    done = run(installed / "bin" / command, "--help", cwd=installed)
    assert done.returncode == 0, done.stderr
    assert "Usage" in done.stdout


def test_resources_are_read_from_where_it_is_installed(installed: Path) -> None:
    code = (
        "import protocol, sys; from protocol.resource import resource_text;"
        "print(protocol.__file__); print(len(resource_text('policies/college.toml')))"
    )
    done = run(installed / "bin/python", "-c", code, cwd=installed)
    assert done.returncode == 0, done.stderr
    where, length = done.stdout.split()
    assert Path(where).is_relative_to(installed)
    assert int(length) > 1000
