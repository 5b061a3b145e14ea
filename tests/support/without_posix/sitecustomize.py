"""Hide from `nn` and `tui` what Windows does not have, in every process with this on PYTHONPATH.

Python imports a module of this name at its start. The standard library and other packages keep what
they need of the system below them; only an import inside `nn` or `tui` gets less. macOS lacks a
part of it: processors to choose, files in memory only.
"""

from __future__ import annotations

import builtins
import os
from types import ModuleType
from typing import Any

MODULES = frozenset({"fcntl", "grp", "pty", "pwd", "resource", "termios", "tty"})
_OS = """
    O_CLOEXEC O_DIRECTORY O_NOFOLLOW O_NONBLOCK chown fork forkpty getegid geteuid getgid
    getloadavg getpgid getpgrp getuid killpg memfd_create mkfifo nice openpty posix_fallocate
    posix_spawn pread pwrite register_at_fork sched_getaffinity sched_setaffinity sched_yield
    setsid statvfs sysconf tcgetpgrp tcsetpgrp uname wait waitid
"""
_SIGNAL = """
    SIGALRM SIGCHLD SIGCONT SIGHUP SIGKILL SIGPIPE SIGQUIT SIGSTOP SIGTSTP SIGTTIN SIGTTOU SIGUSR1
    SIGUSR2 SIGWINCH alarm pause pthread_kill pthread_sigmask setitimer siginterrupt sigwait
"""
_SELECT = "epoll poll"
NAMES = {
    module: frozenset(names.split())
    for module, names in (("os", _OS), ("signal", _SIGNAL), ("select", _SELECT))
}


def _open(path: Any, *arguments: Any, **options: Any) -> int:
    """`os.open` of a system on which a folder cannot be opened."""
    if not isinstance(path, int) and os.path.isdir(path):
        raise PermissionError(13, "Permission denied", str(path))
    return os.open(path, *arguments, **options)


class Poorer(ModuleType):
    """A module without some of its names."""

    def __init__(self, module: ModuleType, absent: frozenset[str]) -> None:
        super().__init__(module.__name__)
        self.__dict__.update(_module=module, _absent=absent)

    def __getattr__(self, name: str) -> Any:
        if name in self._absent:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r} here")
        if self.__name__ == "os" and name == "open":
            return _open
        return getattr(self._module, name)


_import = builtins.__import__
_poorer: dict[str, Poorer] = {}


def _import_less(
    name: str,
    globals: Any = None,  # noqa: A002 - the names that `__import__` has
    locals: Any = None,  # noqa: A002
    fromlist: Any = (),
    level: int = 0,
) -> ModuleType:
    module = _import(name, globals, locals, fromlist, level)
    importer = str((globals or {}).get("__package__") or "")
    if importer.partition(".")[0] not in ("nn", "tui"):
        return module
    if name in MODULES and level == 0:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    if module.__name__ in NAMES:
        if module.__name__ not in _poorer:
            _poorer[module.__name__] = Poorer(module, NAMES[module.__name__])
        return _poorer[module.__name__]
    return module


builtins.__import__ = _import_less
