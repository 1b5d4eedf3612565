"""The statements that make RDS Proxy pin a session to its connection, by AWS's documentation of Aurora MySQL.

https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/rds-proxy-pinning.html
"""

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.support.proxy import port_of

LARGEST = 16 * 1024
TRACKED = frozenset(
    {
        "autocommit", "auto_increment_increment", "character_set_client", "character_set_database",
        "character_set_filesystem", "character_set_connection", "character_set_results", "character_set_server",
        "collation_connection", "collation_database", "collation_server", "interactive_timeout", "net_write_timeout",
        "query_cache_type", "session_track_schema", "sql_mode", "time_zone", "transaction_isolation", "tx_isolation",
        "transaction_read_only", "tx_read_only", "wait_timeout",
    }
)  # fmt: skip
_PINNING = {
    r"/\*M?!": "a comment that is executed",
    r"\bLOCK\s+TABLES?\b|\bFLUSH\s+TABLES\b": "a lock of tables",
    r"\bGET_LOCK\s*\(": "a named lock",
    r"\bCREATE\s+TEMPORARY\b": "a temporary table",
    r"\b(ROW_COUNT|FOUND_ROWS)\s*\(": "a function that looks back",
    r"^\s*(PREPARE|EXECUTE|DEALLOCATE)\b": "a prepared statement",
    r"(?<!@)@(?!@)\w+\s*:=|\bINTO\s+@": "a user variable",
}
_COM_QUERY, _COM_STMT_PREPARE = 3, 22


def why_pinned(statement: str) -> str:
    """Return the part of a statement that pins its session, or "". MariaDB's SET STATEMENT counts as its SELECT."""
    statement = re.sub(r"^SET STATEMENT [^;]*? FOR ", "", statement)
    if len(statement.encode()) > LARGEST:
        return "over 16 KB"
    text = re.sub(r"'(?:[^'\\]|\\.|'')*'", "''", statement)
    for pattern, reason in _PINNING.items():
        if re.search(pattern, text, re.IGNORECASE):
            return reason
    if not re.match(r"\s*SET\b", text, re.IGNORECASE):
        return ""
    if re.match(r"\s*SET\s+(NAMES|CHARACTER\s+SET|CHARSET)\b", text, re.IGNORECASE):
        return ""
    if re.match(r"\s*SET\s+(SESSION\s+)?TRANSACTION\b", text, re.IGNORECASE):
        return "" if "SESSION" in text.upper() else "an isolation level of the next transaction alone"
    names = re.findall(r"(?:SET|,)\s*(?:SESSION\s+|@@(?:SESSION\.)?)?(@?\w+)\s*=", text, re.IGNORECASE)
    untracked = [name for name in names if name.lower() not in TRACKED]
    return f"the variable {untracked[0]}" if untracked else ("" if names else "a SET that is not known")


@contextmanager
def listening(url: str) -> Iterator[tuple[str, list[str]]]:
    """Yield a URL that reaches a server of this machine without TLS, and the list of the statements sent to it.

    A statement that is prepared is in the list as PREPARE.
    """
    heard: list[str] = []
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)

    def serve() -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                server = socket.create_connection(("127.0.0.1", port_of(url)))
                threading.Thread(target=_carry, args=(client, server, _Reader(heard)), daemon=True).start()
                threading.Thread(target=_carry, args=(server, client, None), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield url.replace(f":{port_of(url)}", f":{listener.getsockname()[1]}"), heard
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()


class _Reader:
    """A reader of a client's packets: three bytes of length, a number, the content. A command has the number 0."""

    def __init__(self, heard: list[str]) -> None:
        self._heard = heard
        self._rest = b""

    def read(self, data: bytes) -> None:
        """Read the next bytes of the connection."""
        self._rest += data
        while len(self._rest) >= 4 and len(self._rest) >= (size := 4 + int.from_bytes(self._rest[:3], "little")):
            number, content, self._rest = self._rest[3], self._rest[4:size], self._rest[size:]
            if number == 0 and content[:1] == bytes([_COM_QUERY]):
                self._heard.append(content[1:].decode("utf-8", "replace"))
            elif number == 0 and content[:1] == bytes([_COM_STMT_PREPARE]):
                self._heard.append("PREPARE")


def _carry(source: socket.socket, target: socket.socket, reader: _Reader | None) -> None:
    with suppress(OSError):
        while data := source.recv(1 << 16):
            if reader:
                reader.read(data)
            target.sendall(data)
    for each in (source, target):
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()
