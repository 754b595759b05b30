"""Who sits where while a plan is made, with the use of every resource kept up to date.

A seat is one of a person's columns. `fits` is asked before anybody is seated, so that no resource
and no ceiling is ever over. Floors can be short on the way; `short` counts how many places.
"""

from typing import NamedTuple

import numpy as np

from matching.allocation.compiling import compiled
from matching.allocation.problem import NONE, Array
from matching.allocation.solver.model import Model
from matching.allocation.solver.pricing import Columns, Prices, person_tolls, slot_prices


class Choice(NamedTuple):
    """The columns of everybody, those with the most gain at the prices first."""

    start: Array  # int64, by person
    slot: Array  # int32
    points: Array  # float32, what the seat is worth
    gain: Array  # float32, points less prices and toll
    rows: Array  # int32 (slots, roles)
    amount: Array  # int64 (lines, roles)
    weeks: int
    groups: Array  # int16, by person


class Book(NamedTuple):
    """The holders of resource r are holder[first[r]] and so on, held[r] of them, in no order."""

    seat: Array  # int64, by person: column
    capacity: Array  # int64, by resource
    used: Array  # int64, by resource
    first: Array  # int64, by resource
    held: Array  # int64, by resource
    holder: Array  # int32
    role: Array  # int8, in which role each holder holds it
    where: Array  # int32 (people, roles): the place of each person among the holders
    seated: Array  # int64, by group
    floor: Array  # int64, by group
    ceiling: Array  # int64, by group
    short: Array  # int64, one number


def choice_of(model: Model, columns: Columns, prices: Prices) -> Choice:
    """The columns, ordered by gain."""
    price = slot_prices(model, prices.resource).ravel()
    tolls = person_tolls(model.people, prices.toll)
    person = np.repeat(np.arange(len(tolls)), np.diff(columns.start))
    gain = columns.points - price[columns.slot] - tolls[person]
    order = np.lexsort((columns.slot, -gain, person))
    lines = model.lines
    return Choice(
        start=columns.start,
        slot=columns.slot[order],
        points=columns.points[order],
        gain=gain[order].astype(np.float32),
        rows=np.ascontiguousarray(lines.rows.reshape(-1, lines.rows.shape[2])),
        amount=np.ascontiguousarray(lines.amount),
        weeks=model.weeks,
        groups=model.people.groups,
    )


def empty_book(model: Model) -> Book:
    """Nobody is seated."""
    resources, groups, people = len(model.capacity), len(model.floor), len(model.order)
    least = np.full(resources, np.iinfo(np.int64).max)
    for role in range(model.lines.rows.shape[2]):
        rows, amount = model.lines.rows[:, :, role], model.lines.amount[:, role]
        taken = np.where(rows != NONE, amount[:, None], 0)
        np.minimum.at(least, rows[rows != NONE], taken[rows != NONE])
    most = model.capacity // least
    first = np.zeros(resources + 1, np.int64)
    np.cumsum(most, out=first[1:])
    return Book(
        seat=np.full(people, NONE, np.int64),
        capacity=model.capacity,
        used=np.zeros(resources, np.int64),
        first=first,
        held=np.zeros(resources, np.int64),
        holder=np.zeros(first[-1], np.int32),
        role=np.zeros(first[-1], np.int8),
        where=np.zeros((people, model.lines.rows.shape[2]), np.int32),
        seated=np.zeros(groups, np.int64),
        floor=model.floor,
        ceiling=model.ceiling,
        short=np.array([int(model.floor.sum())], np.int64),
    )


@compiled
def fits(book: Book, choice: Choice, person: int, column: int) -> bool:
    """Whether there is room for somebody who has no seat now."""
    slot = choice.slot[column]
    line = slot // choice.weeks
    for role in range(choice.rows.shape[1]):
        row = choice.rows[slot, role]
        if row >= 0 and book.used[row] + choice.amount[line, role] > book.capacity[row]:
            return False
    for group in choice.groups[person]:
        if group >= 0 and book.seated[group] >= book.ceiling[group]:
            return False
    return True


@compiled
def seat(book: Book, choice: Choice, person: int, column: int) -> None:
    """Gives the person this seat; it must fit."""
    slot = choice.slot[column]
    line = slot // choice.weeks
    for role in range(choice.rows.shape[1]):
        row = choice.rows[slot, role]
        if row >= 0:
            at = book.held[row]
            book.used[row] += choice.amount[line, role]
            book.holder[book.first[row] + at] = person
            book.role[book.first[row] + at] = role
            book.where[person, role] = at
            book.held[row] = at + 1
    for group in choice.groups[person]:
        if group >= 0:
            if book.seated[group] < book.floor[group]:
                book.short[0] -= 1
            book.seated[group] += 1
    book.seat[person] = column


@compiled
def unseat(book: Book, choice: Choice, person: int) -> None:
    """Takes the seat away; the last holder of each resource moves into the gap."""
    slot = choice.slot[book.seat[person]]
    line = slot // choice.weeks
    for role in range(choice.rows.shape[1]):
        row = choice.rows[slot, role]
        if row >= 0:
            last = book.held[row] - 1
            book.held[row] = last
            book.used[row] -= choice.amount[line, role]
            at, end = book.where[person, role], book.first[row] + last
            if at != last:
                gap = book.first[row] + at
                book.holder[gap] = book.holder[end]
                book.role[gap] = book.role[end]
                book.where[book.holder[gap], book.role[gap]] = at
    for group in choice.groups[person]:
        if group >= 0:
            book.seated[group] -= 1
            if book.seated[group] < book.floor[group]:
                book.short[0] += 1
    book.seat[person] = -1


@compiled
def is_short(book: Book, choice: Choice, person: int) -> bool:
    """Whether the person is in a group that has fewer places than its floor."""
    for group in choice.groups[person]:
        if group >= 0 and book.seated[group] < book.floor[group]:
            return True
    return False


@compiled
def best_free(book: Book, choice: Choice, person: int, not_slot: int, looks: int) -> int:
    """The column worth most that has room now; -1 if none of the first `looks` is worth anything."""
    best, found = np.float32(0.0), -1
    first, last = choice.start[person], choice.start[person + 1]
    for column in range(first, min(last, first + looks)):
        better = choice.points[column] > best and choice.slot[column] != not_slot
        if better and fits(book, choice, person, column):
            best, found = choice.points[column], column
    return found


@compiled
def points_of(choice: Choice, column: int) -> float:
    """What a seat is worth; nothing for none."""
    return choice.points[column] if column >= 0 else 0.0
