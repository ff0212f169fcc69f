"""Defects of how a run ends: outages and stops."""

from __future__ import annotations

from tests.mutants.mutant import Edit, Mutant

MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "first_outage_ends",
        "a run that begins in an outage ends with an error",
        (
            Edit(
                "run.py",
                "lambda: first_answer(self._intercom, Admins.ME.at(), gate)\n",
                "lambda: self._intercom.send(Admins.ME.at())\n",
            ),
        ),
        history="outage-at-the-first-call",
        focus="first calls",
    ),
    Mutant(
        "stop_waits",
        "a stop waits for the first answer, and for all repetitions of its call",
        (
            Edit(
                "first_answer.py",
                "            await stop.wait()\n",
                "            await anyio.sleep_forever()\n",
            ),
        ),
        history="stop-while-the-first-call-hangs",
        focus="first stop",
    ),
    Mutant(
        "stop_waits_for_calls",
        "a stop waits for the calls under way, and for all their repetitions",
        (
            Edit(
                "engine.py",
                "        await CLOCK.sleep(STOP_WITHIN_S)\n",
                "        await CLOCK.sleep(1_000_000.0)\n",
            ),
        ),
        history="stop-while-calls-hang",
        focus="hangs",
    ),
    Mutant(
        "no_patience",
        "a second without a server makes a run incomplete",
        (
            Edit(
                "outage.py",
                "            await self.wait()\n            is_known",
                "            return False\n            is_known",
            ),
        ),
        history="outage-at-the-first-call",
        focus="first calls",
    ),
    Mutant(
        "stop_waits_for_an_outage",
        "a stop waits until an outage is over",
        (
            Edit(
                "outage.py",
                "        with anyio.move_on_after(seconds):\n            await self._stop.wait()\n",
                "        await CLOCK.sleep(seconds)\n",
            ),
            Edit(
                "engine.py",
                "        await CLOCK.sleep(STOP_WITHIN_S)\n",
                "        await CLOCK.sleep(1_000_000.0)\n",
            ),
        ),
        focus="stopped faults",
    ),
    Mutant(
        "one_error_ends_all",
        "an error of one stream ends the run",
        (
            Edit(
                "page_reader.py",
                "        run.refusal = str(error)\n",
                "        raise SyntaxError from error\n",
            ),
        ),
        focus="answers",
    ),
    Mutant(
        "outage_fails_its_calls",
        "calls that an outage has failed count as failures of their own",
        (
            Edit(
                "outage.py",
                "            await self._take_turn()\n        return True\n",
                "            return False\n        return True\n",
            ),
        ),
        focus="outages again",
        test="tests/sync/test_outage.py::test_many_failures_are_one_outage",
    ),
)
