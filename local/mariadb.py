"""A private MariaDB server with its data in a folder of the local stack. It listens only on 127.0.0.1."""

import getpass
import os
import re
import secrets
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote, urlsplit

from chalicelib.core.mysql.connections import LOCK_WAIT_SECONDS, SQL_MODE, connect
from chalicelib.core.mysql.server_check import require_supported
from local import LocalError
from local.child import Child
from local.files import write_private
from local.ports import LOOPBACK

# The functions' user, and the user of migrations and rebuilds, which may create and drop tables. As in a deployment,
# the functions' user may not.
USER, MIGRATIONS_USER = "tributary", "tributary_migrations"
RIGHTS = {
    USER: "SELECT, INSERT, UPDATE, DELETE",
    MIGRATIONS_USER: "SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, INDEX, ALTER",
}
_PLACES = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])


class MariaDB:
    """A MariaDB server. `start` creates its data folder if there is none.

    Args:
        folder: the folder of the data, the users' password and the log.
        port: the port on 127.0.0.1.
        flush: innodb_flush_log_at_trx_commit. 1 and 2 keep every acknowledged commit through a kill -9. 0 does not, but
            is three times as fast, so tests use it in which no server is killed.
        options: further options of mariadbd.
        database: the only database in which its users have RIGHTS. Tests pass "": then there is one user, which may do
            everything, because tests create databases and users of their own.
    """

    def __init__(
        self, folder: Path, port: int, flush: int = 1, options: Sequence[str] = (), database: str = ""
    ) -> None:
        self.folder = folder.absolute()
        self.port = port
        self._flush = flush
        self._options = options
        self._database = database
        self._data = self.folder / "data"
        # Not /tmp: a starting server removes temporary tables there, also those of other servers.
        self._temporary = self.folder / "tmp"
        self._files = self.folder / "files"
        self.child = Child("mariadbd", self._command(), self.folder / "mariadbd.log")

    @property
    def server_url(self) -> str:
        """The server's URL, without a database, as the functions' user."""
        return with_database(self.url(USER), "")

    def url(self, user: str) -> str:
        """The server's URL for one of its users, with its database if there is only one."""
        return with_database(f"mysql://{user}:{self.password()}@{LOOPBACK}:{self.port}", self._database)

    def password(self) -> str:
        """The users' password. It is made if the server has no data yet.

        Raises:
            LocalError: there are data but no password, or the file was not made here.
        """
        path = self.folder / "password"
        if not path.exists():
            if self._data.exists():
                raise LocalError(
                    f"The read model in {self.folder} has no password ({path}): an older version made it, or the file"
                    " was removed. Delete the local stack's data: make reset"
                )
            write_private(path, secrets.token_hex(16))
        password = path.read_text(encoding="utf-8", errors="replace")
        if not re.fullmatch(r"[0-9a-f]{32}", password):
            raise LocalError(
                f"{path} does not hold the password that was made here. Restore it, or delete the local stack's data:"
                " make reset"
            )
        return password

    def start(self) -> None:
        """Start the server and wait until it accepts connections.

        Raises:
            LocalError: there is no mariadbd on this machine, or it does not start.
        """
        accounts = self._accounts()
        for folder in (self._temporary, self._files):
            folder.mkdir(parents=True, exist_ok=True)
        if not (self._data / "mysql").is_dir():
            self._initialise()
        # Every start creates the users anew, with exactly these privileges.
        write_private(self.folder / "init.sql", "".join(f"{statement};\n" for statement in accounts))
        self.child.start()
        self.child.await_ready(lambda: serves(self.server_url), seconds=60)

    def stop(self) -> None:
        """Shut the server down."""
        self.child.stop()

    def _accounts(self) -> list[str]:
        """The statements that create the users. They are not replicated, since a replica has its own password."""
        rights = {user: f"{names} ON `{self._database}`.*" for user, names in RIGHTS.items()}
        if not self._database:
            rights = {USER: "ALL PRIVILEGES ON *.*"}
        grantable = "" if self._database else " WITH GRANT OPTION"  # for the users that tests make
        statements = ["SET SESSION sql_log_bin = 0"]
        for user, right in rights.items():
            name = f"'{user}'@'{LOOPBACK}'"
            statements.append(f"CREATE OR REPLACE USER {name} IDENTIFIED BY '{self.password()}'")
            statements.append(f"GRANT {right} TO {name}{grantable}")
        return statements

    def _initialise(self) -> None:
        """Make the data folder under another name, then rename it, so that an incomplete folder is never used.

        The server itself makes it. mariadb-install-db does no more, and needs the client's package.
        """
        fresh = self.folder / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        command = [find_program("mariadbd"), "--no-defaults", "--bootstrap", f"--datadir={fresh}"]
        command += [f"--tmpdir={self._temporary}", *_user()]
        done = subprocess.run(command, input=_system_tables(), capture_output=True, check=False)
        if done.returncode:
            raise LocalError(f"mariadbd cannot make {fresh}:\n{done.stderr.decode(errors='replace')[-2000:]}")
        fresh.rename(self._data)

    def _command(self) -> list[str]:
        return [
            find_program("mariadbd"),
            "--no-defaults",
            f"--datadir={self._data}",
            f"--tmpdir={self._temporary}",
            f"--init-file={self.folder / 'init.sql'}",
            *_user(),
            f"--bind-address={LOOPBACK}",
            f"--port={self.port}",
            "--socket=mariadbd.sock",  # in the data folder; a full path might be too long for a socket's name
            "--skip-name-resolve",
            f"--secure-file-priv={self._files}",  # an empty folder: no statement reads or writes a file elsewhere
            "--local-infile=0",
            "--max-connections=400",
            "--character-set-server=utf8mb4",
            "--collation-server=utf8mb4_unicode_ci",
            f"--sql-mode={SQL_MODE}",
            "--default-time-zone=+00:00",
            "--max-allowed-packet=64M",
            "--innodb-buffer-pool-size=256M",
            "--innodb-log-file-size=256M",
            "--innodb-doublewrite=ON",
            f"--innodb-lock-wait-timeout={LOCK_WAIT_SECONDS}",  # as the deployed database's
            f"--innodb-flush-log-at-trx-commit={self._flush}",
            *self._options,
        ]


def _user() -> list[str]:
    """The option for the server's user. mariadbd runs as root only if that is requested explicitly."""
    return ["--user=root"] if os.geteuid() == 0 else []


def _system_tables() -> bytes:
    """The statements that create MariaDB's own tables. Its root can only sign in by the socket, as this user."""
    lines = ["CREATE DATABASE mysql;", "USE mysql;", f"SET @auth_root_socket = '{getpass.getuser()}';"]
    for name in ("mysql_system_tables.sql", "mysql_performance_tables.sql", "mysql_system_tables_data.sql"):
        text = _shared(name).read_text(encoding="utf-8")
        lines += [line for line in text.splitlines() if "@current_hostname" not in line]  # accounts by host name
    return "\n".join(lines).encode()


def _shared(name: str) -> Path:
    """The path of a file that comes with the server."""
    for folder in ("mysql", "mariadb"):
        path = Path(find_program("mariadbd")).resolve().parents[1] / "share" / folder / name
        if path.exists():
            return path
    raise LocalError(f"{name}, which comes with mariadbd, is not on this machine; install mariadb-server-core again.")


def find_program(program: str) -> str:
    """The path of a program of MariaDB.

    Raises:
        LocalError: the program is not on this machine.
    """
    path = shutil.which(program, path=_PLACES)
    if path is None:
        raise LocalError(
            f"{program} is not on this machine. Install it (`apt-get install mariadb-server-core`; `make setup`"
            " does so), or use another MySQL server: make run DATABASE_URL=mysql://user:password@host:3306/tributary"
        )
    return path


def with_database(server_url: str, database: str) -> str:
    """A server's URL with the name of a database; "" for none."""
    return urlsplit(server_url)._replace(path=f"/{quote(database)}").geturl()


def check_server(url: str) -> None:
    """Check that a server, which may be the user's own, is suitable.

    Raises:
        LocalError: the server cannot be reached, or lacks something. The message says what.
    """
    try:
        connection = connect(url)
    except Exception as error:
        raise LocalError(f"The MySQL server that DATABASE_URL names cannot be used: {error}") from error
    try:
        if lacking := require_supported(connection):
            raise LocalError("\n".join(["The MySQL server that DATABASE_URL names is not suitable.", *lacking]))
    finally:
        connection.close()


def serves(url: str) -> bool:
    """Whether a server accepts connections."""
    try:
        connect(url, connect_timeout=2).close()
    except Exception:
        return False
    return True
