from sharpeyes.service.roles import Role, Scope


def test_no_role_has_everything() -> None:
    for role in Role:
        assert role.scopes < set(Scope)


def test_who_needs_no_pictures_has_none() -> None:
    with_pictures = {role for role in Role if Scope.PICTURES_READ in role.scopes}
    assert with_pictures == {Role.OPERATOR, Role.SUPERVISOR, Role.DELIVERY}


def test_who_watches_cannot_change_who_may() -> None:
    for role in Role:
        powers = {Scope.ACCOUNTS_WRITE, Scope.AUDIT_READ, Scope.PICTURES_READ} & role.scopes
        assert len(powers) <= 1, role
    assert Role.AUDITOR.scopes == {Scope.AUDIT_READ, Scope.ACCOUNTS_READ}
    assert Scope.ACCOUNTS_WRITE not in Role.ENGINEER.scopes


def test_a_machine_can_do_one_thing() -> None:
    assert Role.INGEST.scopes == {Scope.EVENTS_WRITE}
    assert {role for role in Role if role.of_a_machine} == {Role.INGEST, Role.DELIVERY}
