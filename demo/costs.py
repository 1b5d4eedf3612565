"""The costs of a month at three loads. `python -m demo.costs` prints them, `--write` puts them into docs/.

The costs are computed from the list prices in demo/prices.toml and the loads in demo/loads.py, not measured. A
month has 730 hours of steady load. docs/deploy.md, docs/scaling.md and docs/reference/prices.md have the tables
between comments that name this module. A test compares them.
"""

# a command line

import math
import re
import sys
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from chalicelib.bootstrap import SERVICES
from demo import loads
from demo.loads import LOADS, Load
from local.template import load_template

ROOT = Path(__file__).parent.parent
PRICES: Mapping[str, Any] = tomllib.loads((ROOT / "demo/prices.toml").read_text(encoding="utf-8"))
HOURS = 730
SECONDS = HOURS * 3600
MILLION = 1_000_000

# ---- Assumptions, in addition to those of loads.py ----

API_GB, PROJECTOR_GB = 1.0, 1769 / 1024
ANSWER_KB = 2.0
LOG_KB = 0.5  # for a request in the access log, and for a call in its function's log
# X-Ray's default rule: the first request of each second, and 5 % of the others.
SAMPLED = 0.05
# The data that a command leaves: in its table; and in the read model as rows and timeline, with all their indexes (of
# 10,000 orders 1.9 KB, what pages have free included).
KEPT_KB, ROWS_KB = 1.0, 2.0
# Aurora writes log, and counts 4 KB of it as an I/O, less than that as one. A record's log, all indexes included, is
# 1.4 KB; a call of one record is one I/O at least. A test holds this and ROWS_KB against the migrations' tables.
IOS_A_RECORD, IO_KB = 1, 4
PROXY_LEAST_UNITS = 8
# From this load on, I/O-Optimized costs less.
OPTIMIZED_FROM = 1000
# The most metrics of a service, as docs/reference/logs.md lists them, without those of a rebuild.
METRICS = 13
# The share of requests that start in a new execution environment.
COLD = 0.001
AUTHORIZER_METRICS = 1  # the errors that a metric filter counts in its log
# The metrics of a service that alarms watch: lag, dead letters, throttles.
ALARMED = 3
# CallerRate and AddressRate, and the web ACL, which costs as much as five rules.
FIREWALL_RULES = 2 + 5
# One interface endpoint in one zone, and RDS Proxy's second endpoint in two. Secrets: writer, reader, admin, tokens.
ENDPOINT_ZONES, SECRETS = 1 + 2, 4


class CostLine(NamedTuple):
    """A line of the bill: its name, and its cost at a load in dollars a month."""

    name: str
    cost: Callable[[Load], float]


def price(name: str, amount: float) -> float:
    """Return the price of an amount, tier by tier."""
    tiers = PRICES[name].get("tiers") or [[math.inf, PRICES[name]["usd"]]]
    total = below = 0.0
    for up_to, usd in tiers:
        total += max(0.0, min(amount, up_to) - below) * usd
        below = up_to
    return total


def _millions(a_second: float) -> float:
    return a_second * SECONDS / MILLION


def _gigabytes(kilobytes_a_second: float) -> float:
    return kilobytes_a_second * SECONDS / 1024**2


def _firewall(load: Load) -> float:
    return price("firewall_requests", _millions(load.requests)) + price("firewall_rules", FIREWALL_RULES)


def _api_functions(load: Load) -> float:
    """Return the cost of the functions for commands, queries and the authorizer."""
    calls = load.requests * (1 + loads.AUTHORIZED)
    busy = 2 * load.api_busy + load.requests * loads.AUTHORIZED * loads.AUTHORIZER_SECONDS
    return _functions(calls, busy * API_GB)


def _functions(calls: float, gigabytes_busy: float) -> float:
    return price("lambda_requests", _millions(calls)) + price("lambda_seconds", _millions(gigabytes_busy))


def _tables(load: Load) -> float:
    return price("write_units", _millions(load.writes)) + price("read_units", _millions(load.reads))


def _optimized(load: Load) -> str:
    return "_optimized" if load.commands >= OPTIMIZED_FROM else ""


def _aurora(load: Load) -> float:
    return price(f"aurora_units{_optimized(load)}", load.units * HOURS)


def _ios(load: Load) -> float:
    return 0.0 if _optimized(load) else price("aurora_io", _millions(load.records * IOS_A_RECORD))


def _proxy(load: Load) -> float:
    return price("proxy_units", max(PROXY_LEAST_UNITS, load.units) * HOURS)


def _calls(load: Load) -> float:
    return load.requests * (1 + loads.AUTHORIZED) + load.projector_calls + load.reactor_calls


def _logs(load: Load) -> float:
    access = price("access_logs", _gigabytes(load.requests * LOG_KB))
    return access + price("function_logs", _gigabytes(_calls(load) * LOG_KB))


def _traces(load: Load, sampled: float = SAMPLED) -> float:
    """Return the cost of traces. X-Ray samples the requests and each stream's calls separately."""
    begun = (load.requests, load.projector_calls, load.reactor_calls)
    recorded = sum(min(rate, 1) + max(0, rate - 1) * sampled for rate in begun)
    return price("traces", _millions(recorded))


def _storage(load: Load) -> float:
    rows = price(f"aurora_storage{_optimized(load)}", _gigabytes(load.commands * ROWS_KB))
    return price("table_storage", _gigabytes(load.commands * KEPT_KB)) + rows


def _standing(_load: Load) -> float:
    """Return the cost of endpoints, secrets, alarms and a dashboard, which is the same at every load."""
    resources = load_template(ROOT / "infrastructure/alarms.yaml")["Resources"].values()
    alarms = [str(resource) for resource in resources if resource["Type"] == "AWS::CloudWatch::Alarm"]
    other_services = len(SERVICES) - loads.SERVICES  # the bill is for the shop's services only
    watched = sum(alarm.count("'MetricName'") for alarm in alarms) - ALARMED * other_services
    return (
        price("interface_endpoints", ENDPOINT_ZONES * HOURS)
        + price("secrets", SECRETS)
        + price("alarm_metrics", watched)
        + price("custom_metrics", METRICS * loads.SERVICES + AUTHORIZER_METRICS)
        + price("dashboards", 1)
    )


BILL = (
    CostLine("API Gateway, a REST API", lambda load: price("rest_requests", _millions(load.requests))),
    CostLine("Lambda: commands, queries, authorizer", _api_functions),
    CostLine("Lambda: projector", lambda load: _functions(load.projector_calls, load.projector_busy * PROJECTOR_GB)),
    CostLine("Lambda: reactor", lambda load: _functions(load.reactor_calls, load.reactor_busy * API_GB)),
    CostLine(
        "DynamoDB on demand: commands",
        lambda load: (
            price("write_units", _millions(load.commands * loads.WRITES))
            + price("read_units", _millions(load.commands * loads.READS))
        ),
    ),
    CostLine(
        "DynamoDB on demand: the reactor's commands",
        lambda load: (
            price("write_units", _millions(load.orders * loads.SAGA_WRITES))
            + price("read_units", _millions(load.orders * loads.SAGA_READS))
        ),
    ),
    CostLine("Aurora: capacity units (1, 4, 128 in all)", _aurora),
    CostLine("Aurora: I/O (at 10,000/s I/O-Optimized, in the units' price)", _ios),
    CostLine("RDS Proxy", _proxy),
    CostLine("Logs", _logs),
    CostLine("X-Ray, at its own rule: one a second and 5 % more", _traces),
    CostLine(
        "Answers out to the internet, 2 KB each", lambda load: price("data_out", _gigabytes(load.requests * ANSWER_KB))
    ),
    CostLine("Firewall: the limits of each caller", _firewall),
    CostLine("Storage of one month's data, for each month that it is kept", _storage),
    CostLine("Endpoints, secrets, alarms, metrics, dashboard", _standing),
)


def bill() -> str:
    """Return docs/deploy.md's table of costs."""
    lines = [f"| | {' | '.join(loads.title(load) for load in LOADS)} |", "|---|--:|--:|--:|"]
    lines += [f"| {line.name} | {' | '.join(_dollars(line.cost(load)) for load in LOADS)} |" for line in BILL]
    totals = [sum(line.cost(load) for line in BILL) for load in LOADS]
    lines.append(f"| **together** | {' | '.join(f'**{_dollars(total)}**' for total in totals)} |")
    return "\n".join(lines) + "\n"


def savings() -> str:
    """Return docs/deploy.md's table of possible savings at the largest load."""
    load = LOADS[-1]
    requests = _millions(load.requests)
    provisioned = price("provisioned_writes", load.writes * HOURS) + price("read_units", _millions(load.reads))
    rows = (
        ("DynamoDB's writes provisioned instead of on demand", _tables(load), provisioned),
        ("an HTTP API instead of a REST API", price("rest_requests", requests), price("http_requests", requests)),
        ("X-Ray at 0.1 % instead of 5 %", _traces(load), _traces(load, 0.001)),
    )
    lines = ["| at 10,000/s | instead of | costs |", "|---|--:|--:|"]
    return "\n".join(lines + [f"| {name} | {_dollars(now)} | {_dollars(then)} |" for name, now, then in rows]) + "\n"


def _snapstart(load: Load) -> float:
    """Return the cost of SnapStart for one version each of commands and queries."""
    cached = price("snapstart_cache", 2 * API_GB * SECONDS / MILLION)
    return cached + price("snapstart_restores", _millions(load.requests * COLD) * API_GB)


def _service(_load: Load) -> float:
    """Return the fixed cost of a service: its metrics and its alarms."""
    return price("custom_metrics", METRICS) + price("alarm_metrics", ALARMED)


def extras() -> str:
    """Return docs/deploy.md's table of costs that the bill leaves out."""
    rows: tuple[CostLine, ...] = (
        CostLine("`ColdStarts=snapstart`, if 0.1 % of the requests need a new environment", _snapstart),
        CostLine(
            "each half capacity unit that Aurora keeps above MinCapacity, for writer and readers",
            lambda load: price(f"aurora_units{_optimized(load)}", 0.5 * (1 + load.readers) * HOURS),
        ),
        CostLine("each service more than the shop's four: metrics and alarms, without its requests", _service),
    )
    lines = [f"| | {' | '.join(loads.title(load) for load in LOADS)} |", "|---|--:|--:|--:|"]
    lines += [f"| {row.name} | {' | '.join(_dollars(row.cost(load)) for load in LOADS)} |" for row in rows]
    return "\n".join(lines) + "\n"


def prices() -> str:
    """Return docs/reference/prices.md's table."""
    lines = ["| of | US dollars | as of | looked up in |", "|---|---|---|---|"]
    return "\n".join(lines + [_price_row(entry) for entry in PRICES.values()]) + "\n"


def _price_row(entry: Mapping[str, Any]) -> str:
    tiers = entry.get("tiers") or [[math.inf, entry["usd"]]]
    shown = [f"{usd:g}" + ("" if up_to == math.inf else f" up to {up_to:,}") for up_to, usd in tiers]
    return f"| {entry['unit']} | {', '.join(shown)} | {entry['seen']} | <{entry['source'].split(',')[0]}> |"


def _dollars(value: float) -> str:
    """Return dollars as text, rounded to three significant digits and to whole dollars."""
    digits = max(0, int(math.log10(value)) - 2) if value >= 1 else 0
    return f"{round(value, -digits):,.0f}"


BLOCKS: Mapping[str, tuple[str, Callable[[], str]]] = {
    "bill": ("docs/deploy.md", bill),
    "savings": ("docs/deploy.md", savings),
    "extras": ("docs/deploy.md", extras),
    "loads": ("docs/scaling.md", loads.table),
    "prices": ("docs/reference/prices.md", prices),
}


def with_block(text: str, name: str, content: str) -> str:
    """Return a document with the block of this name replaced.

    Raises:
        ValueError: the document has no such block.
    """
    begin, end = f"<!-- {name}: made by `python -m demo.costs --write` -->\n", f"<!-- end of {name} -->"
    pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    if not pattern.search(text):
        raise ValueError(f"there is no block {name}")
    return pattern.sub(lambda _: f"{begin}\n{content}\n{end}", text)


def main() -> int:
    """Print all tables or write them, and return the exit code."""
    for name, (path, make) in BLOCKS.items():
        if sys.argv[1:] == ["--write"]:
            document = ROOT / path
            document.write_text(with_block(document.read_text(encoding="utf-8"), name, make()), encoding="utf-8")
        else:
            print(make())
    return 0


if __name__ == "__main__":
    sys.exit(main())
