"""One class for each datatype: its control, how it reads what was posted, how it validates.

Every module of this package is imported when the package is; a class registers itself with
:func:`~appliance.interview.datatypes.registry.datatype`. So a new datatype is a new file here, and nothing else.
"""

from __future__ import annotations

import importlib
import pkgutil

from appliance.interview.datatypes.conditions import conditions, visible
from appliance.interview.datatypes.file import is_file, kept_files
from appliance.interview.datatypes.neutral import neutralise
from appliance.interview.datatypes.registry import LATER, NAMES, Datatype, find

__all__ = ["LATER", "NAMES", "Datatype", "conditions", "find", "is_file", "kept_files", "neutralise", "visible"]

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
