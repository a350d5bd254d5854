"""The program `cephalign`: its verbs, and one line instead of a traceback for whatever a user can cause."""

from __future__ import annotations

import gc
import signal
import sys
import warnings
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, NoReturn

import typer

from cephalign import __version__
from cephalign.cli_augment import add_augment_verb
from cephalign.cli_files import add_file_verbs
from cephalign.cli_identify import add_identify_verb
from cephalign.cli_inputs import WRONG_EXIT, say
from cephalign.cli_reference import add_reference_verb
from cephalign.cli_register import add_register_verb
from cephalign.cli_rire import add_rire_verb
from cephalign.cli_simulate import add_simulate_verb
from cephalign.cli_study import add_study_verb
from cephalign.cli_train import SIGNALLED, add_train_verb
from cephalign.errors import CephalignError, ScanWarning

# Plain help and plain errors: Rich would take a good part of the time that --help may take.
app = typer.Typer(
    add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None
)


def _say_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"cephalign {__version__}")
        raise typer.Exit


@app.callback()
def cephalign(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Say the version.")
    ] = False,
) -> None:
    """Rigid registration of two 3D scans of one head."""


add_register_verb(app)
add_reference_verb(app)
add_simulate_verb(app)
add_augment_verb(app)
add_file_verbs(app)
add_identify_verb(app)
add_rire_verb(app)
add_train_verb(app)
add_study_verb(app)


def main() -> None:
    """Run the program on `sys.argv` and exit.

    Exit codes: 0 done, 1 nobody read the output to its end, 2 wrong input or usage, 130 interrupted, 143
    terminated. Typer sees to the pipe, the usage and the interruption.
    """
    # A process of a few seconds leaves no cycles worth collecting, but PyTorch's hundred thousand objects
    # would be walked during the imports and once more at the exit, for half a second.
    gc.disable()
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(SIGNALLED + number))
    warnings.showwarning = partial(_show, warnings.showwarning)
    try:
        app(prog_name="cephalign")
    except CephalignError as error:
        _fail(str(error))
    except OSError as error:  # files have their own errors: this is standard output on a full disk
        sys.stdout = None  # or Python would try again at its end
        _fail(f"cannot write {error.filename or 'standard output'}: {error.strerror or error}")
    finally:
        gc.freeze()


def _show(otherwise: Callable[..., None], message: Warning | str, *details: Any, **more: Any) -> None:
    """Tell the user what there is to say of a scan; leave other warnings to Python."""
    if isinstance(message, ScanWarning):
        say(str(message))
    else:
        otherwise(message, *details, **more)


def _fail(message: str) -> NoReturn:
    typer.echo(f"cephalign: {message}", err=True)
    sys.exit(WRONG_EXIT)
