"""The pytest plugin works under each runner of asynchronous tests, and in parallel."""

from __future__ import annotations

import importlib.util

import pytest

pytest_plugins = ("pytester",)

TESTS = """
    import pytest

    {marks}

    async def test_reads(intercom, intercom_simulator):
        assert (await intercom.admins.me()).app is not None
        assert len(await intercom.contacts.list().collect()) == {contacts}

    @pytest.mark.intercom(contacts=3)
    async def test_is_set_up(intercom):
        assert len(await intercom.contacts.list().collect()) == 3

    class TestMore:
        async def test_reads_in_a_class(self, intercom):
            assert len(await intercom.contacts.list().collect()) == {contacts}

"""

RUNNERS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "asyncio, strict": ("pytest_asyncio", "pytest.mark.asyncio", ("--asyncio-mode=strict",)),
    "asyncio, auto": ("pytest_asyncio", "", ("--asyncio-mode=auto",)),
    "asyncio, one loop a module": (
        "pytest_asyncio",
        'pytest.mark.asyncio(loop_scope="module")',
        ("--asyncio-mode=strict",),
    ),
    "asyncio, one loop a session": (
        "pytest_asyncio",
        "",
        ("--asyncio-mode=auto", "-o", "asyncio_default_test_loop_scope=session"),
    ),
    "anyio": ("anyio", "pytest.mark.anyio", ("-p", "no:asyncio")),
    "anyio beside asyncio": ("pytest_asyncio", "pytest.mark.anyio", ("--asyncio-mode=strict",)),
    "plugins by name": (
        "pytest_asyncio",
        "pytest.mark.asyncio",
        ("-p", "no:asyncio", "-p", "pytest_asyncio.plugin", "--asyncio-mode=strict"),
    ),
    "xdist": ("pytest_asyncio", "", ("--asyncio-mode=auto", "-n2")),
}


@pytest.mark.parametrize("runner", RUNNERS)
def test_the_fixtures_work_under(pytester: pytest.Pytester, runner: str) -> None:
    needed, mark, options = RUNNERS[runner]
    if importlib.util.find_spec(needed) is None:
        pytest.skip(f"{needed} is not installed")
    marks = f"pytestmark = [{', '.join(filter(None, (mark, SETTINGS)))}]"
    pytester.makepyfile(TESTS.format(marks=marks, contacts=4))
    pytester.makeconftest("import pytest\n@pytest.fixture\ndef anyio_backend(): return 'asyncio'\n")

    if "no:asyncio" not in options or "pytest_asyncio.plugin" in options:
        options = (*options, "-o", "asyncio_default_fixture_loop_scope=function")

    result = pytester.runpytest_subprocess(*PLUGIN, *options, "-W", "error", "-p", "no:randomly")

    result.assert_outcomes(passed=3)


SETTINGS = "pytest.mark.intercom(contacts=4)"
PLUGIN = ("-p", "intercom_async.integrations.pytest_plugin", "-p", "no:cacheprovider")


MARKS = {
    "none": "",
    "anyio": "pytest.mark.anyio",
    "asyncio": "pytest.mark.asyncio",
    "both": "pytest.mark.anyio, pytest.mark.asyncio",
}
BY_NAME = ["anyio.pytest_plugin", "pytest_asyncio.plugin"]


@pytest.mark.parametrize("order", [BY_NAME, BY_NAME[::-1]], ids=["anyio first", "asyncio first"])
@pytest.mark.parametrize("anyio_mode", ["strict", "auto"])
@pytest.mark.parametrize("asyncio_mode", ["strict", "auto"])
def test_the_fixtures_work_with_every_mark_beside_both_runners(
    pytester: pytest.Pytester, asyncio_mode: str, anyio_mode: str, order: list[str]
) -> None:
    pytest.importorskip("pytest_asyncio", reason="pytest-asyncio is not installed")
    is_run = {
        name: bool(mark) or "auto" in (asyncio_mode, anyio_mode) for name, mark in MARKS.items()
    }
    for name, mark in MARKS.items():
        marks = f"pytestmark = [{', '.join(filter(None, (mark, SETTINGS)))}]"
        if is_run[name]:
            pytester.makepyfile(**{f"test_{name}": TESTS.format(marks=marks, contacts=4)})
    pytester.makeconftest("import pytest\n@pytest.fixture\ndef anyio_backend(): return 'asyncio'\n")
    options = ["-p", "no:anyio", "-p", "no:asyncio", "-p", "no:randomly"]
    for plugin in order:
        options += ["-p", plugin]
    options += ["-o", f"anyio_mode={anyio_mode}", f"--asyncio-mode={asyncio_mode}"]
    options += ["-o", "asyncio_default_fixture_loop_scope=function"]

    done = pytester.runpytest_subprocess(*PLUGIN, *options)

    done.assert_outcomes(
        passed=3 * sum(is_run.values()), warnings=done.parseoutcomes().get("warnings", 0)
    )


def test_a_run_for_another_backend_is_skipped_with_its_reason(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TESTS.format(marks="pytestmark = pytest.mark.anyio", contacts=4))
    pytester.makeconftest("import pytest\n@pytest.fixture\ndef anyio_backend(): return 'trio'\n")

    done = pytester.runpytest_subprocess("-p", "no:asyncio", "-rs")

    done.assert_outcomes(skipped=3)
    done.stdout.fnmatch_lines(["*intercom-async runs on asyncio*"])


OLDER = """
    import pytest_asyncio

    newer = pytest_asyncio.fixture

    def fixture(function, **options):
        if "loop_scope" in options:
            raise TypeError("fixture() got an unexpected keyword argument 'loop_scope'")
        return newer(function, **options)

    pytest_asyncio.fixture = fixture
"""
"""A plugin that makes pytest-asyncio what it was before 0.24, in what matters here."""


def test_a_pytest_asyncio_without_scopes_of_loops_ends_no_run(pytester: pytest.Pytester) -> None:
    pytest.importorskip("pytest_asyncio", reason="pytest-asyncio is not installed")
    marks = f"pytestmark = [pytest.mark.asyncio, {SETTINGS}]"
    pytester.makepyfile(TESTS.format(marks=marks, contacts=4), older=OLDER)

    result = pytester.runpytest_subprocess("-p", "older", *PLUGIN, "-p", "no:randomly")

    result.assert_outcomes(passed=3)


@pytest.mark.parametrize("options", [("-p", "no:anyio"), ()], ids=["no runner", "no mark"])
def test_a_test_that_nobody_runs_in_a_loop_is_told_what_to_take(
    pytester: pytest.Pytester, options: tuple[str, ...]
) -> None:
    pytester.makepyfile("def test_reads(intercom): ...")

    done = pytester.runpytest_subprocess(*PLUGIN, "-p", "no:asyncio", *options)

    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines(["the fixture intercom is for asynchronous tests*"])
