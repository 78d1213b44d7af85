"""`lessonlight-demo`: a college, a few student desktops and the tutor's window, all real, all on this computer.

Exit codes: 0 done · 1 the demo failed · 2 wrong usage · 3 a program is missing · 130, 143 ended by Ctrl+C or SIGTERM
"""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated, Final

import typer

from tutor_app.demo.course import Course, Wishes
from tutor_app.demo.folder import demo_folder
from tutor_app.demo.processes import DemoError
from tutor_app.demo.stage import MissingError

SECONDS: Final = 20.0  # without a display
OUT: Final = Path("demo-out")

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command()
def demo(
    students: Annotated[int, typer.Option(min=1, max=30, help="How many student desktops.")] = 4,
    headless: Annotated[bool, typer.Option("--headless", help="The tutor's window on a virtual screen, too.")] = False,
    seconds: Annotated[
        float | None,
        typer.Option(
            min=3, help=f"End by itself so long after every tile is live; {SECONDS:.0f} without a display.", metavar="S"
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help=f"Write wall.png, focus.png and report.json here; ./{OUT} if it ends itself."),
    ] = None,
) -> None:
    """Show a lesson: student desktops on virtual screens, each with the real client, and the tutor's wall."""
    display = bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")) and not headless
    if seconds is None and not display:
        seconds = SECONDS
    if out is None and seconds is not None:
        out = OUT
    wishes = Wishes(students=students, own_display=not display, seconds=seconds, out=out and out.absolute())
    try:
        with _ended_by_signals(), demo_folder() as folder:
            Course(wishes, folder, typer.echo).run()
    except MissingError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(3) from None
    except DemoError as error:
        typer.echo(f"The demo has ended: {error}", err=True)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        typer.echo("\nEnded.")
        raise typer.Exit(130) from None


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Turn SIGTERM and SIGHUP into an orderly end."""

    def end(number: int, _frame: FrameType | None) -> None:
        sys.exit(128 + number)

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
