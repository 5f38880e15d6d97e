"""What shall happen to coming submits: one script each, and one for all others."""

from collections import deque
from dataclasses import replace
from typing import Any, ClassVar, Generic, Protocol, TypeVar


class _Dataclass(Protocol):
    __dataclass_fields__: ClassVar[dict[str, Any]]


S = TypeVar("S", bound=_Dataclass)


class Scripts(Generic[S]):
    """Scripts of one provider's own kind: frozen dataclasses that check their values."""

    def __init__(self, usual: S) -> None:
        self._usual = usual
        self._next: deque[S] = deque()

    def default(self, **wishes: Any) -> None:
        """Change what happens to submits without a script of their own."""
        self._usual = replace(self._usual, **wishes)

    def next(self, **wishes: Any) -> None:
        """Script the next submit that has none yet; call it again for the one after."""
        self._next.append(replace(self._usual, **wishes))

    def take(self) -> S:
        """Return the script of a submit that has just been accepted."""
        return self._next.popleft() if self._next else self._usual
