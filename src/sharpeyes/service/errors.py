"""Errors of the service: what stops it from starting, or a command from being carried out.

::

    ServiceError
    ├── SettingsError          the file or the environment holds something that we refuse
    ├── KeyFileError           the key that protects camera passwords cannot be used
    └── DatabaseError
        ├── EmbeddedPostgresError   our own server cannot be created, started or stopped
        ├── MigrationError          the schema cannot be brought to this version
        └── DurabilityError         the server may forget what it has acknowledged

Each message is one line that an operator can act on, and holds no secret.
"""

from collections.abc import Sequence


class ServiceError(Exception):
    """The service cannot do what it was asked; the message says why and what helps."""


class SettingsError(ServiceError):
    """Settings were refused.

    Attributes:
        problems: One line for each refused key; never empty.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class KeyFileError(ServiceError):
    """The file with the encryption key is unreadable, malformed or open to others."""


class DatabaseError(ServiceError):
    """The database cannot be used."""


class EmbeddedPostgresError(DatabaseError):
    """The embedded PostgreSQL server cannot be created, started or stopped."""


class MigrationError(DatabaseError):
    """The schema cannot be brought to the version that this program needs."""


class DurabilityError(DatabaseError):
    """The server is set up so that it may lose what it has acknowledged."""
