"""What happened in lessons, kept: SQLite by default, PostgreSQL by URL. `records.Records` is the way in."""
