"""Search text for admins' patterns, on the event loop, in time that no pattern can blow up.

Python's own `re` backtracks: a short pattern of an admin can keep it busy for hours, and it holds
the interpreter's lock all the while, so that not even a thread helps. Here a pattern becomes a
machine that is in all its states at once (Thompson's construction), and the steps it has taken are
remembered by what it saw (a lazy DFA). A character costs at most one visit of each state, usually
one look into a dict; `WORK_MAX` bounds the rest, and whoever reaches it is told.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from bot.domain.pattern_syntax import (
    Chars,
    Choice,
    Edge,
    Node,
    PatternFault,
    Repeat,
    Sequence,
    is_word,
    parse,
)
from bot.domain.plain_text import folded

STATES_MAX = 600  # of one pattern
STEPS_REMEMBERED_MAX = 5000
WORK_MAX = 200_000  # visits of states for one text: about a tenth of a second

END = ""


class TooMuchWork(Exception):
    """A text could not be searched within `WORK_MAX`."""


@dataclass(slots=True)
class _State:
    """One place in the machine: it waits for a character, checks an edge, forks, or has found."""

    chars: Chars | None = None
    edge: Edge | None = None
    found: int | None = None
    next: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Step:
    """What one character led to."""

    found: int | None
    waiting: tuple[int, ...]


_Before = bool | None  # whether a word's character stands before; None at the beginning


class Patterns:
    """Several patterns as one machine; they are searched for at the same time."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self._states: list[_State] = []
        self._starts = tuple(
            self._built(pattern, number) for number, pattern in enumerate(patterns)
        )
        self._steps: dict[tuple[tuple[int, ...], _Before, str], _Step] = {}

    def __bool__(self) -> bool:
        return bool(self._starts)

    def find(self, text: str) -> int | None:
        """Return the number of a pattern that fits somewhere in a text; None when none does.

        Raises `TooMuchWork`.
        """
        if not self._starts:
            return None
        text = folded(text)
        work = WORK_MAX - len(text)
        waiting: tuple[int, ...] = ()
        before: _Before = None
        for char in (*text, END):
            key = (waiting, before, char)
            step = self._steps.get(key)
            if step is None:
                step, visits = self._step(waiting, before, char)
                work -= visits
                self._remember(key, step)
            if step.found is not None:
                return step.found
            if work < 0:
                raise TooMuchWork
            waiting, before = step.waiting, is_word(char) if char else False
        return None

    def _remember(self, key: tuple[tuple[int, ...], _Before, str], step: _Step) -> None:
        if len(self._steps) >= STEPS_REMEMBERED_MAX:
            self._steps.clear()
        self._steps[key] = step

    def _step(self, waiting: tuple[int, ...], before: _Before, char: str) -> tuple[_Step, int]:
        """Go wherever one can without a character, then on with this one; count the visits."""
        seen: set[int] = set()
        todo = [*waiting, *self._starts]
        onward: set[int] = set()
        while todo:
            number = todo.pop()
            if number in seen:
                continue
            seen.add(number)
            state = self._states[number]
            if state.found is not None:
                return _Step(found=state.found, waiting=()), len(seen)
            if state.chars is not None:
                if char != END and state.chars.has(char):
                    onward.update(state.next)
            elif state.edge is None or _holds(state.edge, before, char):
                todo.extend(state.next)
        return _Step(found=None, waiting=tuple(sorted(onward))), len(seen)

    def _built(self, pattern: str, number: int) -> int:
        """Add a pattern's states and return where it begins; raise `PatternFault`."""
        first = len(self._states)
        end = self._add(_State(found=number))
        try:
            return self._wired(parse(pattern), end, first)
        except _TooBig:
            raise PatternFault("This pattern is too big: count less", position=1) from None

    def _add(self, state: _State) -> int:
        self._states.append(state)
        return len(self._states) - 1

    def _wired(self, node: Node, after: int, first: int) -> int:
        """Build backwards: return where a node begins that goes on at `after`."""
        if len(self._states) - first > STATES_MAX:
            raise _TooBig
        match node:
            case Chars():
                return self._add(_State(chars=node, next=[after]))
            case Edge():
                return self._add(_State(edge=node, next=[after]))
            case Sequence(parts):
                for part in reversed(parts):
                    after = self._wired(part, after, first)
                return after
            case Choice(options):
                starts = [self._wired(option, after, first) for option in options]
                return self._add(_State(next=starts))
            case Repeat():
                return self._repeated(node, after, first)

    def _repeated(self, node: Repeat, after: int, first: int) -> int:
        if node.most is None:
            loop = self._add(_State(next=[after]))
            self._states[loop].next.append(self._wired(node.part, loop, first))
            start = loop
        else:
            start = after
            for _ in range(node.most - node.least):
                start = self._add(_State(next=[self._wired(node.part, start, first), after]))
        for _ in range(node.least):
            start = self._wired(node.part, start, first)
        return start


class _TooBig(Exception):
    """More states than `STATES_MAX`."""


def check(pattern: str) -> None:
    """Raise `PatternFault` for what cannot be read, or would fit every text there is."""
    if Patterns([pattern]).find("") is not None:
        raise PatternFault("This fits every text, even an empty one", position=1)


def _holds(edge: Edge, before: _Before, char: str) -> bool:
    match edge:
        case Edge.START:
            return before is None
        case Edge.END:
            return char == END
        case Edge.WORD | Edge.NO_WORD:
            is_edge = bool(before) != (char != END and is_word(char))
            return is_edge == (edge is Edge.WORD)
