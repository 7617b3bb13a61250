"""State in a SQL database (SQLite or PostgreSQL): ledger, routes, answers and feedback."""
