"""Members who turn out to be others, each in a lane of their own: what they are is forwarded from lane to lane.

A step is one transaction of one lane: it reads its next input, or takes in the oldest of what one other sent it, or lets time
pass. So a crash is a step that did not happen. Who is merged keeps what they were and sends a copy of it, then each event;
whoever gets that knows it by its path: who sent it on, and in which merger of theirs.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from model.search import Step

Hop = tuple[str, int]
"""A member, and how many mergers of theirs there have been by then."""
Path = tuple[Hop, ...]
FAR = 1_000


class Input(NamedTuple):
    """An event of a member; or that they are `of` now, or (`parted`) no longer."""

    at: int
    of: str = ""
    parted: bool = False


class Part(NamedTuple):
    """What one identity did, as somebody knows it; the path by which they do."""

    path: Path
    events: tuple[int, ...]


class Mail(NamedTuple):
    """`part`: an identity comes; `event`: it did something; neither: who came by this path goes."""

    at: int
    path: Path
    part: Part | None = None
    event: int = 0


class Person(NamedTuple):
    unread: tuple[Input, ...]
    parts: tuple[tuple[str, Part], ...]
    """Their own, by no path, and of who is merged into them."""
    root: str = ""
    mergers: int = 0
    at: int = 0
    passed: tuple[tuple[str, int], ...] = ()
    """To when time has passed for them, and for each identity that they knew of then."""


class State(NamedTuple):
    people: tuple[tuple[str, Person], ...]
    mail: tuple[tuple[str, str, tuple[Mail, ...]], ...]
    """Sender, receiver, what is on its way, the oldest first."""
    roots: tuple[tuple[str, str], ...] = ()
    """Who is whom, as it was read: a merger that would close a circle is refused."""
    wrong: str = ""


@dataclass(frozen=True)
class Forwarding:
    scripts: tuple[tuple[str, tuple[Input, ...]], ...]
    time_passes: bool = False
    by_path: bool = True
    """Whether only what comes by the path of what is known is taken in."""
    in_order: bool = True
    """Whether what one sends another comes in that order."""
    waits_for_lanes: bool = True
    """Whether time waits for the lanes that forward."""
    waits_for_mail: bool = True
    """Whether time waits for what is on its way."""
    refuses_circles: bool = True

    def initial(self) -> State:
        return State(tuple((name, Person(script, ((name, Part((), ())),))) for name, script in self.scripts), ())

    def steps(self, state: State) -> Iterator[Step[State]]:
        for name, person in state.people:
            if person.unread:
                yield Step(f"{name} reads {person.unread[0]}", self._read(state, name, person))
            if self.time_passes and not person.root and (moment := self._horizon(state, name)) > _time_of(person, name):
                known = tuple((each, moment) for each, _ in person.parts)
                yield Step(f"time passes for {name}", _put(state, name, person._replace(passed=known)), optional=True)
        for sender, receiver, waiting in state.mail:
            for place in range(1 if self.in_order else len(waiting)):
                rest = (*waiting[:place], *waiting[place + 1 :])
                taken = self._take(_post(state, sender, receiver, rest), receiver, waiting[place])
                yield Step(f"{receiver} takes {waiting[place]} of {sender}", taken)

    def wrong(self, state: State, *, at_rest: bool) -> str | None:
        if state.wrong or not at_rest:
            return state.wrong or None
        people, roots = dict(state.people), dict(state.roots)
        if any(_root(roots, name) is None for name in people):
            return "a circle: nobody stands for them"
        for name, person in state.people:
            below = {each for each in people if name in _line(roots, each)}
            known = {each: part.events for each, part in person.parts}
            done = {each: dict(people[each].parts)[each].events for each in below}
            if known != done:
                return f"{name} knows of {known}, not {done}"
        return None

    def _read(self, state: State, name: str, person: Person) -> State:
        now, *unread = person.unread
        person = person._replace(unread=tuple(unread), at=now.at)
        roots = dict(state.roots)
        if now.parted:
            roots.pop(name, None)
            state = _send(_put(state, name, person._replace(root="")), person, name, [Mail(now.at, ())])
            return state._replace(roots=tuple(sorted(roots.items())))
        if now.of:
            if self.refuses_circles and name in _line(roots, now.of):
                return _put(state, name, person)
            person = person._replace(root=now.of, mergers=person.mergers + 1)
            state = state._replace(roots=tuple(sorted({**roots, name: now.of}.items())))
            coming = [Mail(now.at, part.path, Part(((each, 0),), part.events)) for each, part in person.parts]
            return _send(_put(state, name, person), person, name, coming)
        person = person._replace(parts=_with(person.parts, name, now.at))
        return _send(_put(state, name, person), person, name, [Mail(now.at, (), event=now.at)])

    def _take(self, state: State, name: str, mail: Mail) -> State:
        person = dict(state.people)[name]
        parts = dict(person.parts)
        identity = mail.part.path[0][0] if mail.part else mail.path[0][0]
        if name in {each for each, _ in mail.path} | {identity}:
            return state
        if mail.part:
            known = parts.get(identity)
            if known and self.by_path and [n for _, n in known.path] >= [n for _, n in mail.path]:
                return state
            parts[identity] = Part(mail.path, mail.part.events)
        elif mail.event:
            if identity not in parts or (self.by_path and parts[identity].path != mail.path):
                return state
            if mail.event <= dict(person.passed).get(identity, 0):
                state = state._replace(wrong=f"time passed for {name} over {mail.event} of {identity}")
            parts = dict(_with(tuple(parts.items()), identity, mail.event))
        else:
            parts = {each: part for each, part in parts.items() if part.path[-len(mail.path) :] != mail.path}
        person = person._replace(parts=tuple(sorted(parts.items())))
        return _send(_put(state, name, person), person, name, [mail])

    def _horizon(self, state: State, name: str) -> int:
        """To when time may pass: everything that happened by then has been read, and has arrived."""
        forwarding = {each for each, _ in state.roots} if self.waits_for_lanes else set()
        read = [
            person.unread[0].at - 1
            for each, person in state.people
            if person.unread and (each == name or each in forwarding)
        ]
        coming = [mail.at - 1 for *_, waiting in state.mail for mail in waiting] if self.waits_for_mail else []
        return min([FAR, *read, *coming])


def _time_of(person: Person, name: str) -> int:
    return dict(person.passed).get(name, 0)


def _with(parts: tuple[tuple[str, Part], ...], name: str, event: int) -> tuple[tuple[str, Part], ...]:
    return tuple(
        (each, part._replace(events=tuple(sorted((*part.events, event)))) if each == name else part)
        for each, part in parts
    )


def _put(state: State, name: str, person: Person) -> State:
    return state._replace(people=tuple((each, person if each == name else now) for each, now in state.people))


def _post(state: State, sender: str, receiver: str, waiting: tuple[Mail, ...]) -> State:
    others = [each for each in state.mail if each[:2] != (sender, receiver)]
    return state._replace(mail=tuple(sorted([*others, (sender, receiver, waiting)] if waiting else others)))


def _send(state: State, person: Person, name: str, mail: list[Mail]) -> State:
    """To whom they were merged into, by one hop more."""
    if not person.root:
        return state
    hop = (name, person.mergers)
    waiting = next((each[2] for each in state.mail if each[:2] == (name, person.root)), ())
    return _post(state, name, person.root, (*waiting, *(each._replace(path=(*each.path, hop)) for each in mail)))


def _line(roots: dict[str, str], name: str) -> list[str]:
    """Who they are, and who that is, and so on; as long as it is no circle."""
    line = [name]
    while (name := roots.get(name, "")) and name not in line:
        line.append(name)
    return line


def _root(roots: dict[str, str], name: str) -> str | None:
    last = _line(roots, name)[-1]
    return None if last in roots else last


def scripts(**inputs: str) -> tuple[tuple[str, tuple[Input, ...]], ...]:
    """`scripts(a="1", b="2 3>a 4 5<")`: at 3 b is merged into a, at 5 that is undone."""
    return tuple((name, tuple(map(_input, text.split()))) for name, text in inputs.items())


def _input(text: str) -> Input:
    at, _, of = text.partition(">")
    return Input(int(at.rstrip("<")), of, text.endswith("<"))
