"""A selection whose databases are not known yet: those of a dump, or the tenant of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from airflow_mydump.engine.errors import SelectionError
from airflow_mydump.engine.selection.selection import Content, HistoryChoice, Selection


@dataclass(frozen=True)
class OpenSelection:
    """What is wanted, before it is known which databases there are: as in `selection.Selection`, but ``schemas`` are
    globs, none of them stands for all, and there are no conditions on rows."""

    schemas: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    rename: Mapping[str, str] = field(default_factory=dict)
    no_data: tuple[str, ...] = ()
    content: Content = "all"
    views: bool = True
    routines: bool = True
    triggers: bool = True
    events: bool = True
    allow_empty: bool = False
    history: HistoryChoice = "current"

    def of(self, there: Sequence[str]) -> Selection:
        """The selection, if these databases are there. Raises SelectionError if it cannot be right."""
        for glob in self.schemas:
            if not any(fnmatchcase(name, glob) for name in there):
                raise SelectionError(f"no database is called {glob}; there are {', '.join(there) or 'none'}")
        chosen = tuple(name for name in there if self.wants(name))
        return Selection(**(vars(self) | {"schemas": chosen}))

    def of_tenant(self, name: str) -> Selection:
        """The selection of one database. Raises SelectionError if it is none of those that are wanted."""
        if not (name and self.wants(name)):
            raise SelectionError(f"database {name!r} is none of those that may be moved: {', '.join(self.schemas)}")
        rename = {old: new for old, new in self.rename.items() if old == name}
        return replace(self, schemas=(), rename=rename).of([name])

    def wants(self, name: str) -> bool:
        """Whether a database is one of those that are wanted, if it is there."""
        return not self.schemas or any(fnmatchcase(name, glob) for glob in self.schemas)
