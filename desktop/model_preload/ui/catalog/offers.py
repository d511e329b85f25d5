"""What can be done at the moment: each deed's words, and the models that it is for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

from model_preload.core.texts import Text, text
from model_preload.core.values import Verdict
from model_preload.downloads.board import Row
from model_preload.downloads.values import Activity


class Deed(Enum):
    """What the user can do."""

    PRELOAD_ALL = "preload all"
    PRELOAD_REQUIRED = "preload required"
    PRELOAD_SELECTED = "preload selected"
    UPDATE = "update"
    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    REPAIR = "repair"
    FIRST = "first"
    UP = "up"
    DOWN = "down"
    LAST = "last"
    OPEN_FOLDER = "open folder"
    COPY_LINK = "copy link"
    SHOW_LOG = "show log"
    SHOW_STATUS = "show status"
    ADD = "add"
    EDIT = "edit"
    REMOVE = "remove"
    IMPORT = "import"


MOVES = (Deed.FIRST, Deed.UP, Deed.DOWN, Deed.LAST)


@dataclass(frozen=True, slots=True)
class Offer:
    """One deed as it stands.

    Attributes:
        label: with its mnemonic.
        keys: the models that it is for.
        enabled: whether it would do anything.
        whole: it is for all models, because it does not apply to the selected ones.
        before: of a move, the model that they go before; None for the end.
    """

    label: Text
    keys: tuple[str, ...] = ()
    enabled: bool = False
    whole: bool = False
    before: str | None = None


def offers(
    rows: Sequence[Row], selected: Sequence[Row], order: Sequence[str], running: str, own: frozenset[str]
) -> dict[Deed, Offer]:
    """All of them.

    Args:
        rows: all models.
        selected: those of them that are selected, in the order shown.
        order: of the queue.
        running: the model whose turn it is, "" for none.
        own: keys of the models that the user added.
    """
    keys = tuple(row.model.key for row in selected)
    one: tuple[str, ...] = keys if len(keys) == 1 else ()
    there = tuple(row.model.key for row in selected if row.status and row.status.location)
    wanted = [row for row in rows if _wanted(row)]
    return {
        Deed.PRELOAD_ALL: _for(text("Preload &all"), wanted),
        Deed.PRELOAD_REQUIRED: _for(text("Preload &required"), [row for row in wanted if row.model.required]),
        Deed.PRELOAD_SELECTED: _preload_selected(selected),
        Deed.UPDATE: _for(text("Look for a &newer version"), [row for row in selected if not row.work.activity.queued]),
        Deed.PAUSE: _scoped(text("Pa&use"), text("Pa&use all"), rows, selected, _pausable),
        Deed.RESUME: _scoped(text("Re&sume"), text("Re&sume all"), rows, selected, _paused),
        Deed.CANCEL: _scoped(text("&Cancel"), text("&Cancel all"), rows, selected, _cancellable),
        Deed.REPAIR: _repair(rows, selected),
        **{move: _move(move, keys, order, running) for move in MOVES},
        Deed.OPEN_FOLDER: Offer(text("Open &folder"), there[:1], bool(one and there)),
        Deed.COPY_LINK: Offer(text("Copy repository &link"), keys, bool(keys)),
        Deed.SHOW_LOG: Offer(text("Show in l&og"), one, bool(one)),
        Deed.SHOW_STATUS: Offer(text("S&how in status"), one, bool(one)),
        Deed.ADD: Offer(text("A&dd a model…"), enabled=True),
        Deed.EDIT: Offer(text("&Edit…"), one, bool(one) and one[0] in own),
        Deed.REMOVE: Offer(text("Re&move…"), one, bool(one) and one[0] in own),
        Deed.IMPORT: Offer(text("Import a &catalog…"), enabled=True),
    }


def _for(label: Text, rows: Sequence[Row]) -> Offer:
    return Offer(label, tuple(row.model.key for row in rows), bool(rows))


def _scoped(
    one: Text, all_: Text, rows: Sequence[Row], selected: Sequence[Row], applies: Callable[[Row], bool]
) -> Offer:
    """For the selected ones to which it applies, else for all to which it does."""
    chosen = [row for row in selected if applies(row)]
    if chosen:
        return _for(one, chosen)
    every = tuple(row.model.key for row in rows if applies(row))
    return Offer(all_ if every else one, every, bool(every), whole=bool(every))


def _wanted(row: Row) -> bool:
    return not row.ready and not row.work.activity.queued


def _cancellable(row: Row) -> bool:
    return row.work.activity is not Activity.IDLE


def _preload_selected(selected: Sequence[Row]) -> Offer:
    wanted = [row for row in selected if _wanted(row)]
    if wanted and all(row.work.activity is Activity.FAILED for row in wanted):
        return _for(text("&Try again"), wanted)
    return _for(text("&Preload selected"), wanted)


def _pausable(row: Row) -> bool:
    return row.work.activity.queued


def _paused(row: Row) -> bool:
    return row.work.activity is Activity.PAUSED


def _repair(rows: Sequence[Row], selected: Sequence[Row]) -> Offer:
    """Of those that are here in part at least; where none of them is selected, of all that are damaged."""
    here = [row for row in selected if row.verdict not in (None, Verdict.MISSING) and not row.work.activity.queued]
    if here:
        return _for(text("Repa&ir"), here)
    damaged = tuple(row.model.key for row in rows if row.verdict is Verdict.DAMAGED and not row.work.activity.queued)
    return Offer(text("Repa&ir damaged") if damaged else text("Repa&ir"), damaged, bool(damaged), whole=bool(damaged))


def _move(move: Deed, selected: Sequence[str], order: Sequence[str], running: str) -> Offer:
    """As one block, past the others that are queued; the one whose turn it is has it already."""
    movable = [key for key in order if key != running]
    mine = [key for key in movable if key in selected]
    others = [key for key in movable if key not in selected]
    if not mine:
        return Offer(_MOVES[move])
    above = movable.index(mine[0])
    not_below = movable.index(mine[-1]) + 1 - len(mine)
    slot = {
        Deed.FIRST: 0,
        Deed.UP: max(0, above - 1),
        Deed.DOWN: min(len(others), not_below + 1),
        Deed.LAST: len(others),
    }[move]
    changes = others[:slot] + mine + others[slot:] != movable
    return Offer(_MOVES[move], tuple(mine), changes, before=others[slot] if slot < len(others) else None)


_MOVES = {
    Deed.FIRST: text("Move to the fron&t"),
    Deed.UP: text("Mo&ve up"),
    Deed.DOWN: text("Move do&wn"),
    Deed.LAST: text("Move to the en&d"),
}
