"""Interviews, parsed once for each version of their files."""

from __future__ import annotations

import threading
from collections import OrderedDict

from appliance.interview.errors import UnknownInterview
from appliance.interview.interview import Interview
from appliance.interview.sources import Sources, one_name

__all__ = ["Interviews"]


class Interviews:
    """The parsed interviews of this process.

    :param keep: how many stay in memory.
    """

    def __init__(self, sources: Sources, keep: int = 200) -> None:
        self.sources, self.keep = sources, keep
        self._parsed: OrderedDict[str, Interview] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, reference: str) -> Interview:
        """The interview as its files are now, by any of its names.

        :raises UnknownInterview: if there is no such file.
        :raises BadInterview: if it cannot run; the message says where and why.
        """
        reference = one_name(reference)
        known = self._parsed.get(reference)
        if known is None or not self._fresh(known):
            known = Interview(reference, self.sources)
        with self._lock:
            self._parsed[reference] = known
            self._parsed.move_to_end(reference)
            while len(self._parsed) > self.keep:
                self._parsed.popitem(last=False)
        return known

    def _fresh(self, interview: Interview) -> bool:
        try:
            return all(self.sources.version(file) == version for file, version in interview.files.items())
        except UnknownInterview:
            return False
