"""What the commands say when something is wrong, and the exit code that goes with it."""

import functools
from collections.abc import Callable
from enum import IntEnum
from typing import NoReturn, ParamSpec

import typer

from protocol.policy.bundle import BundleError
from protocol.policy.parse import PolicyError
from tutor_app.admin.college import CollegeError
from tutor_app.admin.keys import WrongPassphraseError
from tutor_app.admin.register import RegisterError

P = ParamSpec("P")


class ExitCode(IntEnum):
    """The exit codes of lessonlight-admin; 0 is success, 1 an interruption or a fault of the program itself."""

    USAGE = 2
    PASSPHRASE = 3
    POLICY = 4
    FILE = 5
    REGISTER = 6


EXIT_CODES = (
    "Exit codes: 0 done · 1 interrupted · 2 wrong usage · 3 wrong passphrase · 4 mistakes in the policy · "
    "5 a file or folder that is missing, in the way, damaged or not writable · 6 an id or name that is unknown, taken "
    "or malformed."
)


class UsageMistakeError(Exception):
    """Options that do not fit together."""


def told(command: Callable[P, None]) -> Callable[P, None]:
    """Make a command end with one sentence on stderr and its exit code instead of a traceback."""

    @functools.wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except UsageMistakeError as error:
            fail(ExitCode.USAGE, str(error))
        except WrongPassphraseError as error:
            fail(ExitCode.PASSPHRASE, str(error))
        except PolicyError as error:
            fail(ExitCode.POLICY, str(error))
        except (CollegeError, BundleError) as error:
            fail(ExitCode.FILE, str(error))
        except OSError as error:
            fail(ExitCode.FILE, f"{error.filename or 'The file'}: {error.strerror or error}")
        except RegisterError as error:
            fail(ExitCode.REGISTER, str(error))

    return wrapped


def fail(code: ExitCode, sentence: str) -> NoReturn:
    """Say what is wrong on stderr and end."""
    typer.echo(sentence, err=True)
    raise typer.Exit(code)


def warn(sentence: str) -> None:
    """Say something on stderr and go on."""
    typer.echo(f"Warning: {sentence}", err=True)
