"""`kill -9` at any point: what was acknowledged is there after the next start, and the task still finishes."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence

import httpx
import pytest

from tests.support.client import Client, Page
from tests.support.demo import FACTS_OF_THE_ANSWER, FINAL_QUESTION, LAST_STEP, STEPS
from tests.support.process import DEMO, Appliance

NewAppliance = Callable[..., Appliance]
QUESTIONS = (*(step.question for step in STEPS), "")   # the last: whatever comes after them, waiting or result
TEN_POINTS = (1, 2, 4, 6, 7, 8, 9, 10, 11, 13)   # screens answered when the power fails; from 10 on the task runs


class Tenant:
    """Somebody who walks the demo, remembering what the server acknowledged."""

    def __init__(self, appliance: Appliance) -> None:
        self.client = Client(appliance.url)
        self.page = self.client.start(DEMO)
        self.answered = 0

    def answer(self, screens: int) -> None:
        """Answer so many screens more."""
        for _ in range(screens):
            step = STEPS[self.answered]
            assert self.page.question.startswith(step.question), self.page.text[:500]
            self.page = self.client.submit(self.page, step.answers, step.press)
            assert self.page.status == 200
            self.answered += 1

    def resume(self) -> None:
        """Open the interview again, and find the screen after the last acknowledged answer."""
        self.page = self.client.resume(DEMO)
        assert self.page.question.startswith(QUESTIONS[self.answered]), self.page.text[:500]

    def finish(self) -> Page:
        """Answer the rest, wait for the task, and look whether every answer is in the result."""
        self.answer(len(STEPS) - self.answered)
        self.page = self.client.wait_for(self.page, LAST_STEP.question, seconds=60)
        self.page = self.client.submit(self.page, LAST_STEP.answers, LAST_STEP.press)
        assert self.page.question.startswith(FINAL_QUESTION), self.page.text[:500]
        missing = [fact for fact in FACTS_OF_THE_ANSWER if fact not in self.page.text]
        assert not missing, f"lost: {missing}"
        self.client.http.close()
        return self.page


def kill_at_points(appliance: Appliance, points: Sequence[int]) -> None:
    """One tenant for each point: answers so many screens, the server is killed and started; in the end all finish.

    The tenants of earlier points live through the later kills too.
    """
    appliance.start()
    tenants = []
    for point in points:
        tenant = Tenant(appliance)
        tenant.answer(point)
        appliance.kill()
        appliance.start()
        tenant.resume()
        tenants.append(tenant)
    for tenant in tenants:
        tenant.finish()


def test_ten_kills_lose_no_answer_and_no_task(new_appliance: NewAppliance) -> None:
    """After each of ten kills the next screen is there, and all ten interviews end with every answer and the result."""
    kill_at_points(new_appliance(), TEN_POINTS)


@pytest.mark.fault50
def test_fifty_kills_in_the_middle_of_requests(new_appliance: NewAppliance) -> None:
    """The server dies at a random moment while a submit is under way: it counts wholly or not at all, fifty times."""
    chance = random.Random(2)
    appliance = new_appliance().start()
    for _ in range(5):
        tenants = []
        for _ in range(10):
            tenant = Tenant(appliance)
            tenant.answer(chance.randrange(len(STEPS)))
            killed_in_a_request(appliance, tenant, delay=chance.uniform(0, 0.03))
            tenants.append(tenant)
        for tenant in tenants:
            tenant.finish()


def killed_in_a_request(appliance: Appliance, tenant: Tenant, delay: float) -> None:
    """Submit the next screen and kill the server `delay` seconds later; then start it and see where the tenant is."""
    step, acknowledged = STEPS[tenant.answered], threading.Event()

    def submit() -> None:
        try:
            if tenant.client.submit(tenant.page, step.answers, step.press).status == 200:
                acknowledged.set()
        except httpx.TransportError:
            return   # the server died before it answered

    request = threading.Thread(target=submit)
    request.start()
    time.sleep(delay)
    appliance.kill()
    request.join()
    appliance.start()
    tenant.page = tenant.client.resume(DEMO)
    before = tenant.page.question.startswith(step.question)
    assert not (before and acknowledged.is_set()), "an acknowledged answer is gone"
    if not before:
        tenant.answered += 1
        tenant.resume()


def test_killed_worker_does_not_lose_the_task(new_appliance: NewAppliance) -> None:
    """The worker dies in the middle of the check, once: the server lives, a new worker does the check again."""
    appliance = new_appliance().start()
    appliance.wait_for_workers()
    tenant = Tenant(appliance)
    tenant.answer(10)
    time.sleep(1)   # the check takes five seconds; this is its middle
    for worker in appliance.workers():
        worker.kill()
    appliance.logs.allow("(?i)worker|nanny|comm")
    tenant.finish()
    assert appliance.health() is not None


def test_power_cut_between_the_end_of_the_check_and_its_callback_is_applied_once(new_appliance: NewAppliance) -> None:
    """Kills around the moment at which the task ends: the result is there exactly once, whenever the power fails."""
    appliance = new_appliance().start()
    appliance.wait_for_workers()
    for moment in (4.9, 5.1):
        tenant = Tenant(appliance)
        tenant.answer(10)
        time.sleep(moment)
        appliance.kill()
        appliance.start()
        tenant.resume()
        final = tenant.finish()
        assert final.text.count("The landlord asks for more rent than I owe.") == 1
