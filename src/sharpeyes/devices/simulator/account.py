"""The account of a simulated device: bad logins in a row lock it, as Hikvision's devices do."""

BAD_LOGINS_ALLOWED = 5
LOCKED_FOR_S = 1_800.0


class Account:
    """Who was let in, and who was not.

    Attributes:
        bad_logins: refused logins since the start.
        lockouts: how often it was locked since the start.
    """

    __slots__ = ("_failed_in_a_row", "_locked_until_s", "bad_logins", "lockouts")

    def __init__(self) -> None:
        self.bad_logins = 0
        self.lockouts = 0
        self.forgive()

    def forgive(self) -> None:
        """Forget failed logins in a row, and unlock; the counts since the start stay."""
        self._failed_in_a_row = 0
        self._locked_until_s: float | None = None

    def is_locked(self, now_s: float) -> bool:
        """Whether it is locked at a monotonic time."""
        return self._locked_until_s is not None and now_s < self._locked_until_s

    def admit(self, *, right: bool, now_s: float) -> bool:
        """Decide on a login, and count it.

        Five refused logins in a row lock the account for 30 minutes, in which even the right
        credentials are refused.

        Args:
            right: whether the credentials are those of the account.
            now_s: monotonic.
        """
        if self.is_locked(now_s):
            return False
        if right:
            self._failed_in_a_row = 0
            return True
        self.bad_logins += 1
        self._failed_in_a_row += 1
        if self._failed_in_a_row >= BAD_LOGINS_ALLOWED:
            self._failed_in_a_row = 0
            self._locked_until_s = now_s + LOCKED_FOR_S
            self.lockouts += 1
        return False
