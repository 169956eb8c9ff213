"""SQLite through sqlite-utils: rows, migrations, sealed answers. Knows rows, not interviews."""
