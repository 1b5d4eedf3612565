"""Everything that ships: `core` (knows no service), one folder a service, migrations."""
