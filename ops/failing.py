"""How a command fails: what was wrong, where, and what to do next; never a traceback for what a person can mend."""

import json
import sys
import traceback

import click

WRONG, USAGE, IMPOSSIBLE, INTERRUPTED = 1, 2, 3, 130


WHO_CHANGES_TABLES = (
    "`rebuild` and `migrate` make and drop tables, which the functions' user may not: give them the migrations' user as"
    " DATABASE_URL, which is the data stack's output MigrateDatabaseUrl."
)


class OpsError(Exception):
    """Something that a command cannot do; the message says what, the hint what to do next."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint

    @property
    def told(self) -> str:
        """Both, as a person reads them."""
        return f"{self}\n{self.hint}".strip()


class CommandLine:
    """Runs the command line, and turns what is raised into words and an exit code.

    Args:
        command: what to run, a group or a single one.
        arguments: of the process, if None.
        program: how it was called.
    """

    def __init__(self, command: click.Command, arguments: list[str] | None, program: str = "python -m ops") -> None:
        self._command = command
        self._program = program
        self._arguments = sys.argv[1:] if arguments is None else arguments

    def run(self) -> int:
        """Run it. Returns the exit code."""
        try:
            code = self._command.main(self._arguments, prog_name=self._program, standalone_mode=False)
            return code if isinstance(code, int) else 0
        except click.ClickException as error:
            error.show()
            return USAGE
        except (KeyboardInterrupt, click.Abort):
            print("\nInterrupted.", file=sys.stderr)
            return INTERRUPTED
        except BrokenPipeError:  # the reader, such as `head`, has seen enough
            return 0
        except Exception as error:
            self._tell(error)
            return IMPOSSIBLE

    def _tell(self, error: Exception) -> None:
        from ops.explaining import Failure, explain  # which imports whatever can fail

        failure = explain(error)
        if failure is None:
            traceback.print_exc()
            failure = Failure(
                f"{type(error).__name__}: {error}", "This is a fault of the program; the lines above tell where."
            )
        if "--json" in self._arguments:
            print(json.dumps({"error": failure._asdict()}))
        print(f"Error: {failure.message}\n{failure.hint}".strip(), file=sys.stderr)
