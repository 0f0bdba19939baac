"""What happened: events, the outbox, and their delivery to the case system."""
