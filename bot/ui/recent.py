"""A set that remembers only the newest things, for facts that stop mattering after a while."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)


class Recent(Generic[T]):
    """Remember the last `size_max` things that were added."""

    def __init__(self, size_max: int) -> None:
        self._size_max = size_max
        self._things: OrderedDict[T, None] = OrderedDict()

    def add(self, thing: T) -> None:
        """Remember a thing and forget the oldest one when there are too many."""
        self._things[thing] = None
        self._things.move_to_end(thing)
        if len(self._things) > self._size_max:
            self._things.popitem(last=False)

    def __contains__(self, thing: T) -> bool:
        return thing in self._things
