"""Whether files may bring code: no, unless the user says so."""

_allowed = [False]


def in_safe_mode():
    """True while code from files is refused (the default)."""
    return not _allowed[-1]


def lambda_allowed():
    return _allowed[-1]


def enable_unsafe_deserialization():
    """Allow code from files until the program ends. Only for files you trust."""
    _allowed[0] = True


class SafeModeScope:
    """`with SafeModeScope(False):` allows code from files inside the block. `None` leaves things as they are."""

    def __init__(self, safe_mode=True):
        self.safe_mode = safe_mode

    def __enter__(self):
        _allowed.append(_allowed[-1] if self.safe_mode is None else not self.safe_mode or _allowed[0])

    def __exit__(self, *_):
        _allowed.pop()
