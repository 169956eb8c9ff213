"""Several people at once, in a process of its own: each opens a new session and submits once, again and again.

``python -m tests.bench.load BASE INTERVIEW CLIENTS SECONDS`` prints how many sessions a second were finished.
"""

from __future__ import annotations

import sys
import threading
import time

from tests.bench.quick import QuickClient

__all__ = ["main"]


def main(base: str, interview: str, clients: int, seconds: float) -> float:
    """Sessions a second over about `seconds`."""
    finished = [0] * clients
    ready = threading.Barrier(clients + 1)
    end = [0.0]

    def person(number: int) -> None:
        ready.wait()
        with QuickClient(base) as client:
            while time.monotonic() < end[0]:
                client.forget()
                client.submit(client.begin(interview), {"user_name": f"Visitor {number}"})
                finished[number] += 1

    threads = [threading.Thread(target=person, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    start = time.monotonic()
    end[0] = start + seconds
    ready.wait()
    for thread in threads:
        thread.join()
    return sum(finished) / (time.monotonic() - start)


if __name__ == "__main__":
    print(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])))
