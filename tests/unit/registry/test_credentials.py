"""User names and passwords: what may be stored, and what a refusal does not repeat."""

import pytest

from sharpeyes.devices.credentials import Credentials
from sharpeyes.registry.credentials import validate_credentials


@pytest.mark.parametrize("password", ["", "a:b@c", "密码 1", "p" * 128])
def test_accepted(password: str) -> None:
    assert validate_credentials(Credentials("admin", password)) == []


@pytest.mark.parametrize(
    ("username", "password", "field"),
    [
        ("", "x", "username"),
        ("a:b", "x", "username"),
        ("a\nb", "x", "username"),
        ("a" * 129, "x", "username"),
        ("admin", "s3cret\x00", "password"),
        ("admin", "s3cret\ud800", "password"),
        ("admin", "s3cret" * 30, "password"),
    ],
)
def test_refused(username: str, password: str, field: str) -> None:
    [problem] = validate_credentials(Credentials(username, password))
    assert problem.field == field
    assert "s3cret" not in str(problem)
