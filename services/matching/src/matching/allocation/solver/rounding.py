"""From prices to a plan in whole people: first come by gain, then ejections that pay.

An ejection seats somebody where there is no room by moving those who would lose least elsewhere,
and is kept only if the whole gains.
"""

from typing import Final

import numpy as np

from matching.allocation.compiling import compiled
from matching.allocation.problem import NONE, Array
from matching.allocation.solver.seating import (
    Book,
    Choice,
    best_free,
    fits,
    is_short,
    points_of,
    seat,
    unseat,
)

SHORT_POINTS: Final = 100_000.0
"""What one place under a floor costs while a plan is made: more than anybody is worth."""
_MOST_EJECTED = 24
_LOOKS = 24  # columns that are looked at for somebody who would have to move
_HOLDERS = 48  # holders of a resource that are looked at


def seat_by_gain(book: Book, choice: Choice) -> None:
    """Everybody, those with the most to lose first, at the best of their columns with room.

    What is left over then goes to whoever makes anything of it.
    """
    order = np.argsort(-_regret(choice), kind="stable")
    _seat_in_order(book, choice, order, -10.0)
    _seat_in_order(book, choice, order, -np.inf)


def seat_where_they_were(book: Book, choice: Choice, kept: Array) -> None:
    """Yesterday's seats, given as columns, that still fit: those with the most gain first."""
    people = np.flatnonzero(kept != NONE)
    gain = choice.gain[kept[people]]
    _seat_at(book, choice, people[np.argsort(-gain, kind="stable")], kept)


def eject(book: Book, choice: Choice, rounds: int, breadth: int) -> None:
    """Rounds of ejections for everybody who has less than the prices promise.

    Whoever is ejected stands in the queue again, so that a chain goes on as long as it pays.
    """
    for _ in range(rounds):
        unhappy = _unhappiness(book, choice)
        people = np.flatnonzero(unhappy > 0.5)
        queue = people[np.argsort(-unhappy[people], kind="stable")]
        if not len(queue) or not _eject(book, choice, queue, breadth, *_room(len(unhappy))):
            return


def _room(people: int) -> tuple[Array, Array, Array, Array]:
    """Room for a queue, who is in it, who is ejected and where they came from."""
    ejected = np.empty(_MOST_EJECTED, np.int64)
    return np.empty(people, np.int64), np.zeros(people, bool), ejected, np.empty_like(ejected)


def _regret(choice: Choice) -> Array:
    """How much worse the second option is than the first, or than staying."""
    padded = np.append(choice.gain, np.float32(0))
    has = np.diff(choice.start)
    best = np.where(has > 0, padded[choice.start[:-1]], -np.inf)
    second = np.where(has > 1, padded[np.minimum(choice.start[:-1] + 1, len(choice.gain))], 0)
    regret: Array = best - np.maximum(second, 0)
    return regret


def _unhappiness(book: Book, choice: Choice) -> Array:
    """What the best option at the prices would gain over the seat."""
    padded = np.append(choice.gain, np.float32(0))
    best = np.where(np.diff(choice.start) > 0, padded[choice.start[:-1]], 0)
    now = np.where(book.seat != NONE, padded[book.seat], 0)
    unhappy: Array = np.maximum(best, 0) - now
    short = np.append(book.seated < book.floor, False)[choice.groups].any(axis=1)
    return np.where(short & (book.seat == NONE), SHORT_POINTS, unhappy)


@compiled
def _seat_in_order(book: Book, choice: Choice, order: Array, least: float) -> None:
    for person in order:
        if book.seat[person] >= 0:
            continue
        for column in range(choice.start[person], choice.start[person + 1]):
            if choice.gain[column] < least:
                break
            if choice.points[column] > 0 and fits(book, choice, person, column):
                seat(book, choice, person, column)
                break


@compiled
def _seat_at(book: Book, choice: Choice, people: Array, kept: Array) -> None:
    for person in people:
        if fits(book, choice, person, kept[person]):
            seat(book, choice, person, kept[person])


@compiled
def _eject(
    book: Book,
    choice: Choice,
    unhappy: Array,
    breadth: int,
    queue: Array,
    waits: Array,
    ejected: Array,
    came_from: Array,
) -> int:
    """Tries for everybody in the queue and for those ejected on the way; how many gained."""
    people = book.seat.size
    for at in range(unhappy.size):
        queue[at] = unhappy[at]
        waits[unhappy[at]] = True
    waiting, at, gained = unhappy.size, 0, 0
    while waiting > 0:
        person = queue[at]
        waits[person] = False
        at, waiting = (at + 1) % people, waiting - 1
        moved = _better_seat(book, choice, person, breadth, ejected, came_from)
        if moved >= 0:
            gained += 1
        for place in range(moved):
            other = ejected[place]
            if not waits[other]:
                waits[other] = True
                queue[(at + waiting) % people] = other
                waiting += 1
    return gained


@compiled
def _better_seat(
    book: Book, choice: Choice, person: int, breadth: int, ejected: Array, came_from: Array
) -> int:
    """Moves the person to a better seat if the whole gains by it.

    How many were ejected for it; -1 if nothing was gained.
    """
    before, short_before = book.seat[person], book.short[0]
    has = points_of(choice, before)
    if before >= 0:
        unseat(book, choice, person)
    extra = SHORT_POINTS if is_short(book, choice, person) else 0.0

    free = best_free(book, choice, person, -1, 1_000_000)
    enough = max(points_of(choice, free), has) + 1e-3
    tried = 0
    for column in range(choice.start[person], choice.start[person + 1]):
        if choice.points[column] + extra <= enough or tried >= breadth:
            continue
        tried += 1
        count = _who_must_go(book, choice, column, choice.points[column] + extra - enough, ejected)
        if count < 0:
            continue
        gain = _swap(book, choice, person, column, count, ejected, came_from) - has
        gain -= SHORT_POINTS * (book.short[0] - short_before)
        if gain > enough - has:
            return count
        _undo(book, choice, person, count, ejected, came_from)
    if free >= 0 and (points_of(choice, free) > has + 1e-3 or before < 0):
        seat(book, choice, person, free)
        return 0
    if before >= 0:
        seat(book, choice, person, before)
    return -1


@compiled
def _who_must_go(book: Book, choice: Choice, column: int, most: float, ejected: Array) -> int:
    """Fills `ejected` with those who would lose least; how many, or -1 if it costs over `most`."""
    slot = choice.slot[column]
    line = slot // choice.weeks
    count, lost = 0, 0.0
    for role in range(choice.rows.shape[1]):
        row = choice.rows[slot, role]
        if row < 0:
            continue
        over = book.used[row] + choice.amount[line, role] - book.capacity[row]
        for at in range(count):
            over -= _holds(book, choice, ejected[at], row)
        while over > 0:
            if count == _MOST_EJECTED:
                return -1
            person, loss = _who_loses_least(book, choice, row, slot, over, ejected, count)
            if person < 0:
                return -1
            ejected[count] = person
            count += 1
            lost += loss
            over -= _holds(book, choice, person, row)
            if lost >= most:
                return -1
    return count


@compiled
def _holds(book: Book, choice: Choice, person: int, row: int) -> int:
    """How much of the resource the person has."""
    slot = choice.slot[book.seat[person]]
    for role in range(choice.rows.shape[1]):
        if choice.rows[slot, role] == row:
            return int(choice.amount[slot // choice.weeks, role])
    return 0


@compiled
def _who_loses_least(
    book: Book, choice: Choice, row: int, slot: int, over: int, ejected: Array, count: int
) -> tuple[int, float]:
    """The holder who would lose least for each unit that is needed."""
    found, loss, rate = -1, 0.0, np.inf
    first = book.first[row]
    for at in range(first, first + min(book.held[row], _HOLDERS)):
        person = book.holder[at]
        known = False
        for earlier in range(count):
            if ejected[earlier] == person:
                known = True
        if known:
            continue
        held = choice.amount[choice.slot[book.seat[person]] // choice.weeks, book.role[at]]
        elsewhere = points_of(choice, best_free(book, choice, person, slot, _LOOKS))
        loses = choice.points[book.seat[person]] - elsewhere
        if loses / min(held, over) < rate:
            found, loss, rate = person, loses, loses / min(held, over)
    return found, loss


@compiled
def _swap(
    book: Book,
    choice: Choice,
    person: int,
    column: int,
    count: int,
    ejected: Array,
    came_from: Array,
) -> float:
    """Seats the person, and the ejected wherever there is room; the change in points."""
    change = 0.0
    for at in range(count):
        came_from[at] = book.seat[ejected[at]]
        change -= choice.points[came_from[at]]
        unseat(book, choice, ejected[at])
    if fits(book, choice, person, column):
        seat(book, choice, person, column)
        change += choice.points[column]
    for at in range(count):
        free = best_free(book, choice, ejected[at], -1, 1_000_000)
        if free >= 0:
            seat(book, choice, ejected[at], free)
            change += choice.points[free]
    return change


@compiled
def _undo(
    book: Book, choice: Choice, person: int, count: int, ejected: Array, came_from: Array
) -> None:
    if book.seat[person] >= 0:
        unseat(book, choice, person)
    for at in range(count):
        if book.seat[ejected[at]] >= 0:
            unseat(book, choice, ejected[at])
    for at in range(count):
        seat(book, choice, ejected[at], came_from[at])
