"""`ops migrate`."""

import click

from chalicelib.core.mysql.migrate import migrate as apply
from ops.environment import load, migration_sets
from ops.output import json_option, print_json


@click.command()
@json_option
def migrate(as_json: bool) -> int:
    """Bring the read model's schema up to date. Repeating it does no harm."""
    applied = apply(load(changes_tables=True).settings.need("database_url"), migration_sets())
    if as_json:
        print_json({"applied": applied})
    else:
        click.echo("\n".join(f"applied {name}" for name in applied) or "The schema is up to date.")
    return 0
