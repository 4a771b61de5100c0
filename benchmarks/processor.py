"""Whose processor seconds they are: of the dashboard's server, of the database, of the browser.

A page's time on a shared machine says little; what it makes each of them work does, however busy the machine is.
"""

from __future__ import annotations

from collections.abc import Mapping

import psutil


class Processor:
    """Processor seconds of trees of processes since the last look, by the name of each tree."""

    def __init__(self, roots: Mapping[str, int]) -> None:
        self.roots = dict(roots)
        self._last = self._read()

    def since_last(self) -> dict[str, float]:
        before, self._last = self._last, self._read()
        return {name: max(0.0, self._last[name] - before[name]) for name in self.roots}

    def _read(self) -> dict[str, float]:
        return {name: _of_tree(pid) for name, pid in self.roots.items()}


def _of_tree(pid: int) -> float:
    """Of those that live, and of those that ended, which their parents have counted."""
    total = 0.0
    try:
        root = psutil.Process(pid)
        for process in (root, *root.children(recursive=True)):
            try:
                taken = process.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += taken.user + taken.system + taken.children_user + taken.children_system
    except psutil.NoSuchProcess:
        pass
    return total


def child_named(name: str) -> int:
    """The process of this name that this one started."""
    return next(child.pid for child in psutil.Process().children() if child.name().startswith(name))
