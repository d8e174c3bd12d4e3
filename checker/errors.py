"""Errors that a user can cause: each has a stable code for machines and one Chinese sentence for people."""

from __future__ import annotations


class KaoheError(Exception):
    """Base of all errors that end in one clear sentence instead of a traceback."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    def __reduce__(self) -> tuple[object, ...]:
        """Pickled by code and message: the constructors differ, and errors come back from child processes."""
        return _again, (type(self), self.code, self.message)


class ReadError(KaoheError):
    """A file that cannot be read; the other files of the submission are still checked."""


class NoticeError(KaoheError):
    """A notice that cannot be loaded; the message begins with file:line."""

    def __init__(self, message: str) -> None:
        super().__init__("bad-notice", message)


class UsageError(KaoheError):
    """Options or settings that make no sense together."""

    def __init__(self, message: str, code: str = "bad-usage") -> None:
        super().__init__(code, message)


class WriteError(KaoheError):
    """A result that cannot be written; nothing half-written is left behind."""

    def __init__(self, message: str) -> None:
        super().__init__("write-failed", message)


def _again(kind: type[KaoheError], code: str, message: str) -> KaoheError:
    error = kind.__new__(kind)
    KaoheError.__init__(error, code, message)
    return error


def encrypted() -> ReadError:
    """The refusal of a file that opens only with a password."""
    return ReadError("encrypted", "文件设有打开密码，无法读取，请取消密码保护后重新上报。")
