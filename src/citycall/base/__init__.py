"""What every service stands on: commands, clock, events, timers, notices, audit, files, private data."""
