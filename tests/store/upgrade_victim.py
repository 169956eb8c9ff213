"""A process that opens a data folder and is killed in the middle of bringing it up to date."""

from __future__ import annotations

__all__ = ["PROGRAM"]

PROGRAM = """
import os, sys, threading
from pathlib import Path
import psutil
from appliance.store import copies, migrations, upgrading
from appliance.store.database import Store

FILES = {module.__file__ for module in (copies, migrations, upgrading)}
at, steps, me = int(sys.argv[2]), 0, psutil.Process()

def line(frame, event, argument):
    global steps
    steps += 1
    if steps == at:
        me.kill()
    return line

threading.settrace(lambda frame, event, argument: line if frame.f_code.co_filename in FILES else None)
store = Store(Path(sys.argv[1]))
threading.settrace(None)
print(steps, flush=True)
store.close()
"""
"""Takes the folder and the number of the line, of those that are run in our modules, at which it dies; 0: it lives."""
