"""The parts of the local stack, and the order in which they start and stop."""

import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from pymysql import MySQLError

from chalicelib.core.composition_root import composition_root
from chalicelib.core.mysql.migrate import MigrationFailed, migrate
from local import LocalError, aws
from local.child import Child
from local.config import Config
from local.env import app_env, dead_letter_bucket
from local.mariadb import MIGRATIONS_USER, USER, MariaDB, check_server, with_database
from local.ministack import MiniStack
from local.ports import answers, require_free
from local.read_model import tables, unusable
from local.template import Template, create_tables
from local.wiring import require_read_tables

DATABASE = "tributary"
# If a part ends more often than this within a minute, restarting it does not help.
_MOST_ENDS = 5


class Stack:
    """The embedded AWS, MySQL, the API and the pump.

    Args:
        config: the configuration.
        say: shows a line to the user.
    """

    def __init__(self, config: Config, say: Callable[[str], None] = print) -> None:
        self._config = config
        self._say = say
        self._template = Template(config.table_prefix, config.template)
        self._ministack = MiniStack(config.folder / "ministack", config.ministack_port)
        self._mariadb = private_mariadb(config)
        self.database_url = self._mariadb.url(USER) if self._mariadb else config.database_url
        self.migrations_database_url = self._mariadb.url(MIGRATIONS_USER) if self._mariadb else config.database_url
        env = app_env(config, self.database_url)
        self._api = module_child("API", "local.server", config, env)
        self._pump = module_child("pump", "local.pump", config, env)
        self._catch_up = module_child("catch-up", "local.catchup", config, env, listen=True)
        self._ends: list[float] = []

    def start(self) -> None:
        """Start all parts. Return when the API answers.

        Raises:
            LocalError: something is missing, taken or broken.
        """
        self._require_ports()
        (self._config.folder / "pump").mkdir(parents=True, exist_ok=True)
        self._say(f"  AWS       MiniStack on {self._config.endpoint}")
        self._ministack.start()
        self._start_database()
        self._create_tables()
        self._catch_up_with_lost_streams()
        self._start_api()
        self._pump.start()

    def stop(self) -> None:
        """Stop all parts: first those that write, side by side, then the stores.

        Raises:
            LocalError: some data could not be kept.
        """
        with ThreadPoolExecutor() as side_by_side:
            list(side_by_side.map(Child.stop, (self._api, self._catch_up, self._pump)))
            ending = side_by_side.submit(self._mariadb.stop) if self._mariadb else None
            self._ministack.stop(self._say)
            if ending:
                ending.result()

    def revive(self) -> None:
        """Restart the parts that have ended unexpectedly.

        Raises:
            LocalError: a part ends again and again, or does not start.
        """
        if self._mariadb and not self._mariadb.child.running:
            self._report_end(self._mariadb.child)
            self._mariadb.start()
        if not self._ministack.child.running:
            self._report_end(self._ministack.child)
            self._say("  All writes to the tables since their last clean stop are LOST.")
            # The pump's positions in the streams are no longer valid.
            self._pump.stop(seconds=5)
            self._ministack.start()
            self._create_tables()
            self._catch_up_with_lost_streams()
            self._pump.start()
        for child in (self._api, self._pump):
            if not child.running:
                self._report_end(child)
                child.start()

    def _report_end(self, child: Child) -> None:
        now = time.monotonic()
        self._ends = [*(death for death in self._ends if now - death < 60), now]
        if len(self._ends) > _MOST_ENDS:
            raise child.fail(f"{child.name} ended (exit code {child.exit_code}) several times within a minute.")
        self._say(f"{child.name} ended (exit code {child.exit_code}) and is started again.")

    def _require_ports(self) -> None:
        config = self._config
        require_free(config.api_port, "API_PORT", "the API")
        require_free(config.ministack_port, "MINISTACK_PORT", "the embedded AWS (MiniStack)")
        if self._mariadb:
            require_free(config.mysql_port, "MYSQL_PORT", "the private MySQL server (mariadbd)")

    def _start_database(self) -> None:
        if self._mariadb:
            self._say(f"  MySQL     private mariadbd on 127.0.0.1:{self._config.mysql_port}")
            self._mariadb.start()
        else:
            self._say("  MySQL     the server of DATABASE_URL")
            check_server(with_database(self.database_url, ""))
        migrations = composition_root().MIGRATIONS
        try:
            applied = migrate(self.migrations_database_url, migrations)
            faults = unusable(self.database_url, tables(migrations))
        except MigrationFailed as error:
            raise LocalError(str(error)) from error
        except MySQLError as error:
            faults = [str(error)]
        if faults:
            raise LocalError(
                f"The read model has tables that cannot be used: {'; '.join(faults)}. {self._how_to_recreate()}. It is"
                " then filled from DynamoDB. Its timeline will have only the newest commit of each aggregate."
            )
        require_read_tables(composition_root().SERVICES, self.migrations_database_url)
        self._say(f"  schema    {'applied ' + ', '.join(applied) if applied else 'up to date'}")

    def _how_to_recreate(self) -> str:
        if self._mariadb:
            return f"To create it anew, remove {self._mariadb.folder} and run `make run`"
        return "To create it anew, drop the database that DATABASE_URL names and run `make run`"

    def _create_tables(self) -> None:
        created = create_tables(aws.dynamodb(self._config.endpoint), self._template)
        aws.create_bucket(self._config.endpoint, dead_letter_bucket(self._config))
        self._say(f"  tables    {'created ' + ', '.join(created) if created else 'found again'}")

    def _catch_up_with_lost_streams(self) -> None:
        self._catch_up.start()
        said = self._catch_up.hear()
        if self._catch_up.exit_code != 0:
            raise LocalError(
                f"The read model cannot be brought up to date: {said or 'the catch-up was ended'}."
                f" {self._catch_up.log} may say more."
            )
        self._say(f"  catch-up  {said}")

    def _start_api(self) -> None:
        self._api.start()
        self._api.await_ready(lambda: answers(self._config.api_port), seconds=60)


def private_mariadb(config: Config) -> MariaDB | None:
    """The stack's own MySQL server; None if DATABASE_URL names another."""
    if config.database_url:
        return None
    return MariaDB(config.folder / "mariadb", config.mysql_port, database=DATABASE)


def module_child(name: str, module: str, config: Config, env: dict[str, str], listen: bool = False) -> Child:
    """A module of this package as a child process, with the environment of the app's functions."""
    return Child(name, [sys.executable, "-m", module], config.logs / f"{name}.log", env, listen)
