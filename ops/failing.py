"""Failures of commands: what was wrong, where, and what to do next. There is no traceback if the user can fix it."""

import json
import sys
import traceback

import click

WRONG, USAGE, IMPOSSIBLE, INTERRUPTED = 1, 2, 3, 130


WHO_CHANGES_TABLES = (
    "`rebuild` and `migrate` create and drop tables, which the functions' user may not do. Set DATABASE_URL to the data"
    " stack's output MigrateDatabaseUrl, which names the migrations' user."
)


class OpsError(Exception):
    """A command cannot be run. The message says why, and the hint says what to do next."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint

    @property
    def told(self) -> str:
        """The message and the hint as one text."""
        return f"{self}\n{self.hint}".strip()


class CommandLine:
    """Runs the command line, and turns errors into messages and exit codes.

    Args:
        command: a command or a group of commands.
        arguments: the arguments; those of the process if None.
        program: the program's name in messages.
    """

    def __init__(self, command: click.Command, arguments: list[str] | None, program: str = "python -m ops") -> None:
        self._command = command
        self._program = program
        self._arguments = sys.argv[1:] if arguments is None else arguments

    def run(self) -> int:
        """Run the command. Returns the exit code."""
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
                f"{type(error).__name__}: {error}", "This is a fault in the program. The lines above show where."
            )
        if "--json" in self._arguments:
            print(json.dumps({"error": failure._asdict()}))
        print(f"Error: {failure.message}\n{failure.hint}".strip(), file=sys.stderr)
