"""Ruin and recreate: empty a small neighbourhood, fill it again in another order, keep what is better.

A neighbourhood is a slot with a price: those who hold its resources, some who hold those of a slot
they could move to, and some who wait for it. Worse outcomes are kept now and then, less and less
(simulated annealing), and the best plan on the way is what counts. A run is so many tries, by seed.
"""

from typing import Final, NamedTuple

import numpy as np

from matching.allocation.compiling import compiled
from matching.allocation.problem import NONE, Array
from matching.allocation.solver.rounding import SHORT_POINTS
from matching.allocation.solver.seating import Book, Choice, fits, points_of, seat, unseat

COLD: Final = 0.2  # points, at the end
_RUINED: Final = 6  # people for each resource of the slot
_MOST: Final = 64
_COLUMNS: Final = 40  # that are tried for each person
_SKIPPED: Final = 0.04  # share of columns passed over, so that the same order can end otherwise


def ruin_and_recreate(
    book: Book, choice: Choice, slots: Array, tries: int, seed: int, hot: float
) -> None:
    """So many tries around the given slots."""
    if len(slots) and tries:
        start, who = _who_could(choice)
        room = _Room(
            people=np.empty(_MOST, np.int64),
            came_from=np.empty(_MOST, np.int64),
            key=np.empty(_MOST, np.float64),
            order=np.empty(_MOST, np.int64),
            seen=np.full(len(book.seat), NONE, np.int64),
        )
        _anneal(book, choice, slots, tries, seed, hot, COLD, start, who, room)


class _Room(NamedTuple):
    """The neighbourhood of one try, and in which try each person was last part of one."""

    people: Array
    came_from: Array
    key: Array
    order: Array
    seen: Array


def _who_could(choice: Choice) -> tuple[Array, Array]:
    """For each slot, the people who have it among their columns."""
    start = np.zeros(len(choice.rows) + 1, np.int64)
    np.cumsum(np.bincount(choice.slot, minlength=len(choice.rows)), out=start[1:])
    who = np.empty(len(choice.slot), np.int32)
    _find_who_could(choice, start[:-1].copy(), who)
    return start, who


@compiled
def _find_who_could(choice: Choice, at: Array, who: Array) -> None:
    for person in range(choice.start.size - 1):
        for column in range(choice.start[person], choice.start[person + 1]):
            slot = choice.slot[column]
            who[at[slot]] = person
            at[slot] += 1


@compiled
def _anneal(
    book: Book,
    choice: Choice,
    slots: Array,
    tries: int,
    seed: int,
    hot: float,
    cold: float,
    start: Array,
    who: Array,
    room: _Room,
) -> None:
    np.random.seed(seed)
    people, came_from, key, seen = room.people, room.came_from, room.key, room.seen
    for attempt in range(tries):
        temperature = hot * (cold / hot) ** (attempt / tries)
        slot = slots[np.random.randint(slots.size)]
        count = _neighbours(book, choice, slot, people, seen, attempt)
        count = _newcomers(book, choice, slot, start, who, people, count, seen, attempt)
        if count == 0:
            continue
        before = _unseat_all(book, choice, people, came_from, count)
        _keys(choice, people, key, count)
        _sort(key, room.order, count)
        after = _seat_again(book, choice, people, room.order, count)
        change = after - before
        if change < 0 and np.random.random() >= np.exp(change / temperature):
            _restore(book, choice, people, came_from, count)


@compiled
def _neighbours(
    book: Book, choice: Choice, slot: int, people: Array, seen: Array, attempt: int
) -> int:
    """Those who hold the resources of the slot, and of a slot that one of them could have."""
    count = 0
    for role in range(choice.rows.shape[1] - 1):  # beds are hardly ever what is scarce
        most = min(_RUINED * (role + 1), _MOST // 2)
        count = _holders(book, choice.rows[slot, role], people, count, most, seen, attempt)
    if count:
        person = people[np.random.randint(count)]
        has = choice.start[person + 1] - choice.start[person]
        if has > 1:
            other = choice.slot[choice.start[person] + np.random.randint(min(has, 6))]
            most = min(_RUINED * 3, _MOST // 2)
            count = _holders(book, choice.rows[other, 0], people, count, most, seen, attempt)
    return count


@compiled
def _holders(
    book: Book, row: int, people: Array, count: int, most: int, seen: Array, attempt: int
) -> int:
    """Adds holders of the resource from a random one on, each person once."""
    if row < 0 or book.held[row] == 0:
        return count
    held = book.held[row]
    begin = np.random.randint(held)
    for step in range(held):
        if count >= most:
            break
        person = book.holder[book.first[row] + (begin + step) % held]
        if seen[person] != attempt:
            seen[person] = attempt
            people[count] = person
            count += 1
    return count


@compiled
def _newcomers(
    book: Book,
    choice: Choice,
    slot: int,
    start: Array,
    who: Array,
    people: Array,
    count: int,
    seen: Array,
    attempt: int,
) -> int:
    """Adds some who could have the slot and have no seat, or a worse one than the prices promise."""
    could = start[slot + 1] - start[slot]
    if could == 0:
        return count
    begin = np.random.randint(could)
    most = min(count + _RUINED, _MOST)
    for step in range(min(could, 80)):
        if count >= most:
            break
        person = who[start[slot] + (begin + step) % could]
        if seen[person] == attempt:
            continue
        now = book.seat[person]
        if now < 0 or choice.gain[now] < choice.gain[choice.start[person]] - 1.0:
            seen[person] = attempt
            people[count] = person
            count += 1
    return count


@compiled
def _unseat_all(book: Book, choice: Choice, people: Array, came_from: Array, count: int) -> float:
    """Empties the neighbourhood; what it was worth."""
    worth = float(-SHORT_POINTS * book.short[0])
    for at in range(count):
        came_from[at] = book.seat[people[at]]
        if came_from[at] >= 0:
            worth += points_of(choice, came_from[at])
            unseat(book, choice, people[at])
    return worth


@compiled
def _keys(choice: Choice, people: Array, key: Array, count: int) -> None:
    """A key for each: by gain, by size and gain, or at random."""
    how = np.random.randint(3)
    for at in range(count):
        first = choice.start[people[at]]
        if how == 0:
            key[at] = -choice.gain[first] - 40 * np.random.random()
        elif how == 1:
            size = choice.amount[choice.slot[first] // choice.weeks, 0]
            key[at] = -1000.0 * size - choice.gain[first] - 30 * np.random.random()
        else:
            key[at] = np.random.random()


@compiled
def _sort(key: Array, order: Array, count: int) -> None:
    """Numbers the few keys from the least on, by insertion."""
    for at in range(count):
        gap = at
        while gap > 0 and key[order[gap - 1]] > key[at]:
            order[gap] = order[gap - 1]
            gap -= 1
        order[gap] = at


@compiled
def _seat_again(book: Book, choice: Choice, people: Array, order: Array, count: int) -> float:
    """Seats everybody in this order where the prices like it best; what it is worth."""
    worth = 0.0
    for place in range(count):
        person = people[order[place]]
        first, last = choice.start[person], choice.start[person + 1]
        for column in range(first, min(last, first + _COLUMNS)):
            if choice.points[column] <= 0 or np.random.random() < _SKIPPED:
                continue
            if fits(book, choice, person, column):
                seat(book, choice, person, column)
                worth += points_of(choice, column)
                break
    return float(worth - SHORT_POINTS * book.short[0])


@compiled
def _restore(book: Book, choice: Choice, people: Array, came_from: Array, count: int) -> None:
    for at in range(count):
        if book.seat[people[at]] >= 0:
            unseat(book, choice, people[at])
    for at in range(count):
        if came_from[at] >= 0:
            seat(book, choice, people[at], came_from[at])
