"""The registry: import beside a bare COPY, re-import, export, memory, and how quickly it finds."""
