"""Sharp Eyes: a service for a city's public cameras."""
