"""The read model's server: connections, migrations, users."""
