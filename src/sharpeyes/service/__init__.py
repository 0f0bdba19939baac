"""The only wiring: settings, database, HTTP API, dashboard, commands, processes."""
