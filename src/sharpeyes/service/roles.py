"""What one may do: scopes, and the roles that they make up."""

from __future__ import annotations

from enum import StrEnum


class Scope(StrEnum):
    """One right; a token may have any of them, a person has those of a role."""

    CAMERAS_READ = "cameras:read"
    CAMERAS_WRITE = "cameras:write"
    CONTACTS_READ = "contacts:read"
    """The telephone numbers of managing units in full, which are masked for all others."""
    EVENTS_READ = "events:read"
    EVENTS_WRITE = "events:write"
    """Hand in the events of other systems."""
    HOLDS_WRITE = "holds:write"
    """Keep events from being deleted, and let them go."""
    CASES_WRITE = "cases:write"
    """Say how far the case of an event is."""
    PICTURES_READ = "pictures:read"
    INCIDENTS_READ = "incidents:read"
    INCIDENTS_WRITE = "incidents:write"
    """Assign them and write notes."""
    INCIDENTS_CLOSE = "incidents:close"
    """Close them though the cameras have not proved that they are well."""
    ENDPOINTS_READ = "endpoints:read"
    ENDPOINTS_WRITE = "endpoints:write"
    AUDIT_READ = "audit:read"
    ACCOUNTS_READ = "accounts:read"
    ACCOUNTS_WRITE = "accounts:write"


class Role(StrEnum):
    """What somebody is here for. None of them has everything."""

    OPERATOR = "operator"
    SUPERVISOR = "supervisor"
    ENGINEER = "engineer"
    AUDITOR = "auditor"
    ACCOUNT_ADMINISTRATOR = "account_administrator"
    INGEST = "ingest"
    DELIVERY = "delivery"

    @property
    def scopes(self) -> frozenset[Scope]:
        """What it may do."""
        return _SCOPES[self]

    @property
    def of_a_machine(self) -> bool:
        """Whether no person has it: its holders have tokens, not passwords."""
        return self in {Role.INGEST, Role.DELIVERY}


_LOOK = frozenset(
    {
        Scope.CAMERAS_READ,
        Scope.EVENTS_READ,
        Scope.CASES_WRITE,
        Scope.PICTURES_READ,
        Scope.INCIDENTS_READ,
        Scope.INCIDENTS_WRITE,
    }
)

_SCOPES = {
    Role.OPERATOR: _LOOK,
    Role.SUPERVISOR: _LOOK
    | {Scope.CONTACTS_READ, Scope.ENDPOINTS_READ, Scope.HOLDS_WRITE, Scope.INCIDENTS_CLOSE},
    # Whoever sets cameras up needs no pictures.
    Role.ENGINEER: frozenset(
        {
            Scope.CAMERAS_READ,
            Scope.CAMERAS_WRITE,
            Scope.CONTACTS_READ,
            Scope.EVENTS_READ,
            Scope.ENDPOINTS_READ,
            Scope.ENDPOINTS_WRITE,
            Scope.INCIDENTS_READ,
            Scope.INCIDENTS_WRITE,
        }
    ),
    Role.AUDITOR: frozenset({Scope.AUDIT_READ, Scope.ACCOUNTS_READ}),
    Role.ACCOUNT_ADMINISTRATOR: frozenset({Scope.ACCOUNTS_READ, Scope.ACCOUNTS_WRITE}),
    Role.INGEST: frozenset({Scope.EVENTS_WRITE}),
    # The case system fetches the event and the picture that a webhook told it of, and says what
    # becomes of it.
    Role.DELIVERY: frozenset({Scope.EVENTS_READ, Scope.PICTURES_READ, Scope.CASES_WRITE}),
}
