"""`lessonlight-tutor`: opens the window, or does one thing for a script."""

from pathlib import Path
from typing import Annotated

import typer

from tutor_app import class_cli
from tutor_app.network.candidates import parse_address
from tutor_app.records.cli import app as records_app

app = typer.Typer(
    name="lessonlight-tutor",
    help="Hold lessons: without a command the window opens.",
    add_completion=False,
    pretty_exceptions_enable=False,  # its tracebacks print local variables, a passphrase among them
)
app.add_typer(class_cli.app, name="class")
app.add_typer(records_app, name="records")


@app.callback(invoke_without_command=True)
def window(
    context: typer.Context,
    *,
    identity: Annotated[
        Path | None, typer.Option("--identity", metavar="FILE", help="Your identity file; else as last time.")
    ] = None,
    bundle: Annotated[
        Path | None, typer.Option("--bundle", metavar="FILE", help="The college file; else as last time.")
    ] = None,
    dial: Annotated[
        list[str] | None,
        typer.Option("--dial", metavar="HOST:PORT", help="Try this address too. May be given several times."),
    ] = None,
    mdns: Annotated[bool, typer.Option("--mdns/--no-mdns", help="Find laptops by multicast.")] = True,
    records: Annotated[
        str, typer.Option("--records", metavar="FILE|URL", help="Other records than this user's own.")
    ] = "",
) -> None:
    """Hold lessons: without a command the window opens."""
    if context.invoked_subcommand:
        return
    for address in dial or ():
        try:
            parse_address(address)
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint="--dial") from error
    from tutor_app.app import Preset, run  # noqa: PLC0415 - Qt is loaded for the window alone

    preset = Preset(identity=identity, bundle=bundle, dial=tuple(dial or ()), mdns=mdns, records=records or None)
    raise typer.Exit(run(preset))


def main() -> None:
    """Run the command line."""
    app()
