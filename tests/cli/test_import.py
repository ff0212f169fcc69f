"""``import``: files of contacts and companies, refused rows, and what an interruption leaves."""

from __future__ import annotations

import csv
import json
from datetime import date, datetime
from pathlib import Path
from typing import Any, ClassVar

import pytest

pytest.importorskip("cyclopts")

from intercom_async import Intercom
from intercom_async.cli.connection import Connection
from intercom_async.cli.import_file import import_
from intercom_async.clock import CLOCK
from intercom_async.simulator import Simulator
from intercom_async.transport import MemoryTransport
from tests.support.importing import simulated, write_csv
from tests.support.virtual_time import run_virtual
from .conftest import Run

pytestmark = pytest.mark.anyio


def found(simulator: Simulator, email: str) -> list[dict[str, Any]]:
    query = {"field": "email", "operator": "=", "value": email}
    answer: Any = simulator.call("POST", "/contacts/search", {"query": query})
    rows: list[dict[str, Any]] = answer["data"]
    return rows


def names_in(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


async def test_rows_are_created_and_changed_by_email(run_here: Run, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    async with simulated() as (simulator, environment):
        old = simulator.call("POST", "/contacts", {"email": "old@example.com", "name": "Old"})
        rows = [
            {"email": "old@example.com", "name": "Changed", "signed_up_at": "2024-01-02"},
            {"email": "new@example.com", "name": "", "signed_up_at": "1700000000"},
        ]
        write_csv(path, rows)
        done = await run_here("import", "contacts", str(path), environment=environment)
        changed = simulator.call("GET", f"/contacts/{old['id']}")
        new = found(simulator, "new@example.com")

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "rows": 2,
        "created": 1,
        "updated": 1,
        "rejected": 0,
        "rejected_file": None,
    }
    assert (changed["name"], changed["signed_up_at"]) == ("Changed", 1_704_153_600)
    assert new[0]["signed_up_at"] == 1_700_000_000
    assert names_in(tmp_path) == ["people.csv"]


async def test_refused_rows_can_be_mended_and_imported(run_here: Run, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    async with simulated() as (simulator, environment):
        write_csv(
            path,
            [
                {"email": "a@example.com", "signed_up_at": "yesterday"},
                {"email": "", "signed_up_at": ""},
                {"email": "b@example.com", "signed_up_at": "2024-01-02"},
            ],
        )
        done = await run_here("import", "contacts", str(path), environment=environment)
        refused = tmp_path / "people.rejected.csv"
        rows = list(csv.DictReader(refused.read_text().splitlines()))
        for row in rows:
            row["signed_up_at"] = "2024-01-01"
            row["email"] = row["email"] or "c@example.com"
        write_csv(refused, rows)
        again = await run_here("import", "contacts", str(refused), environment=environment)
        there = [found(simulator, f"{name}@example.com") for name in "abc"]

    assert done.returncode == 3
    assert b"fix" in done.stderr
    assert sorted(row["_error"] for row in rows) == [
        "signed_up_at is not a date; use 2024-02-29, ISO 8601 or UNIX seconds",
        "the row has no email",
    ]
    assert again.returncode == 0, again.stderr
    assert [len(one) for one in there] == [1, 1, 1]


async def test_a_dry_run_writes_nothing_and_says_what_it_costs(
    run_here: Run, tmp_path: Path
) -> None:
    path = tmp_path / "people.jsonl"
    path.write_text(
        '{"email": "a@example.com"}\n{"name": "no key"}\n\n{"email": "b@example.com"}\n'
    )
    async with simulated() as (simulator, environment):
        done = await run_here("import", "contacts", str(path), "--dry-run", environment=environment)
        assert found(simulator, "a@example.com") == []

    shown = json.loads(done.stdout)
    assert (shown["rows"], shown["rejected"], shown["calls"]) == (3, 1, 4)
    assert b"row 2 (line 2): the row has no email" in done.stderr
    assert done.returncode == 3
    assert names_in(tmp_path) == ["people.jsonl"]


WRONG_VALUES = {
    **dict.fromkeys(
        [("email", text) for text in ("a-at-b.c", "@b.c", "a@", "a@b@c", "a b@c.d")],
        "email is not an address",
    ),
    ("role", "emperor"): "role must be user or lead",
    ("signed_up_at", "31.02.2024"): "signed_up_at is not a date; use 2024-02-29, ISO 8601 or UNIX",
    ("unsubscribed_from_emails", "maybe"): "unsubscribed_from_emails must be true or false",
    ("custom_attributes.desks", "many"): "custom_attributes.desks must be a whole number",
    ("custom_attributes.grade", "much"): "custom_attributes.grade must be a number",
    ("custom_attributes.since", "x"): "custom_attributes.since is not a date",
}


async def test_a_dry_run_finds_values_that_cannot_be_right(run_here: Run, tmp_path: Path) -> None:
    types = {"desks": "integer", "grade": "float", "since": "datetime"}
    columns = sorted({"email", *(name for name, _ in WRONG_VALUES)})
    good = {**dict.fromkeys(columns, ""), "email": "a@b", "role": "lead"}
    shown: dict[tuple[str, str], str] = {}
    async with simulated() as (simulator, environment):
        for name, kind in types.items():
            attribute = {"name": name, "model": "contact", "data_type": kind}
            simulator.call("POST", "/data_attributes", attribute)
        for name, text in WRONG_VALUES:
            write_csv(tmp_path / "people.csv", [good, {**good, name: text}])
            done = await run_here(
                "import", "contacts", "people.csv", "--dry-run", environment=environment
            )
            assert (done.returncode, json.loads(done.stdout)["rejected"]) == (3, 1), name
            shown[name, text] = done.stderr.decode()

    for (name, text), said in WRONG_VALUES.items():
        assert shown[name, text].startswith(f"row 2 (line 3): {said}")
        assert len(text) == 1 or text not in shown[name, text]


async def test_companies_are_imported_with_attributes_in_their_types(
    run_here: Run, tmp_path: Path
) -> None:
    path = tmp_path / "firms.csv"
    async with simulated() as (simulator, environment):
        name = {"name": "seats", "model": "company", "data_type": "integer"}
        simulator.call("POST", "/data_attributes", name)
        write_csv(path, [{"company_id": "c1", "size": "12", "custom_attributes.seats": "7"}])
        done = await run_here("import", "companies", str(path), environment=environment)
        firm: Any = simulator.call("GET", "/companies", query={"company_id": "c1"})

    assert done.returncode == 0, done.stderr
    assert firm["size"] == 12
    assert firm["custom_attributes"]["seats"] == 7


async def test_parquet_is_imported(run_here: Run, tmp_path: Path) -> None:
    pa: Any = pytest.importorskip("pyarrow")
    parquet: Any = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "people.parquet"
    table = pa.table({"email": ["p@example.com", None], "name": ["P", "nobody"]})
    parquet.write_table(table, path)
    async with simulated() as (simulator, environment):
        done = await run_here("import", "contacts", str(path), environment=environment)
        assert [one["name"] for one in found(simulator, "p@example.com")] == ["P"]

    assert done.returncode == 3
    refused = json.loads((tmp_path / "people.rejected.jsonl").read_text())
    assert refused == {"email": None, "name": "nobody", "_error": "the row has no email"}


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        ("name\nA\n", (), "no column email"),
        (
            "email,nmae\na@b.c,A\n",
            (),
            "contacts have no field nmae; name custom attributes custom_attributes.nmae",
        ),
        ("email,custom_attributes.nowhere\na@b.c,1\n", (), "no attribute nowhere"),
        ("email,external_id\na@b.c,1\n", (), "use --key external_id"),
        ("email\na@b.c\n", ("--key", "company_id"), "is one of id, external_id, email"),
        ("email,email\na@b.c,1\n", (), "must name each column, once"),
        ("email,name\na@b.c\n", (), "row 1 (line 2): 2 columns, but 1 value"),
        ("email\n\na@b.c\nb@b.c,B\n", (), "row 2 (line 4): 1 column, but 2 values"),
    ],
)
async def test_a_file_that_makes_no_sense_is_refused_before_a_write(
    run_here: Run, tmp_path: Path, text: str, options: tuple[str, ...], said: str
) -> None:
    path = tmp_path / "people.csv"
    path.write_text(text)
    async with simulated() as (simulator, environment):
        before = simulator.call("GET", "/contacts")["total_count"]
        done = await run_here("import", "contacts", str(path), *options, environment=environment)
        assert simulator.call("GET", "/contacts")["total_count"] == before

    assert done.returncode == 2
    assert said in done.stderr.decode()


async def test_what_is_no_file_of_rows_is_refused(run_here: Run, tmp_path: Path) -> None:
    (tmp_path / "people.xlsx").touch()
    for name, said in (("people.xlsx", b".csv, .jsonl"), ("people.csv", b"there is no file")):
        done = await run_here("import", "contacts", str(tmp_path / name))
        assert (done.returncode, said in done.stderr) == (2, True), done.stderr


async def test_an_interrupted_import_goes_on_where_it_was(run_here: Run, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    write_csv(path, [{"email": f"n{number}@example.com"} for number in range(60)])
    async with simulated() as (simulator, environment):
        # A token that is refused after a while ends a run as an interruption does.
        simulator.faults.add(path="/contacts", method="POST", status=401, after=30)
        first = await run_here(
            "import", "contacts", str(path), "--concurrency", "4", environment=environment
        )
        state = json.loads((tmp_path / "people.csv.import.json").read_text())
        simulator.faults.clear()
        second = await run_here("import", "contacts", str(path), environment=environment)
        there = [len(found(simulator, f"n{number}@example.com")) for number in range(60)]

    assert first.returncode == 1, first.stderr
    assert 0 < state["rows"] <= 30
    assert second.returncode == 0, second.stderr
    assert f"resuming after row {state['rows']}".encode() in second.stderr
    assert json.loads(second.stdout)["rows"] == 60 - state["rows"]
    assert there == [1] * 60
    assert not (tmp_path / "people.csv.import.json").exists()


ODD_FILES: dict[str, tuple[bytes, str | None]] = {
    "bom.csv": (b"\xef\xbb\xbfemail,name\nodd@example.com,Odd\n", None),
    "semicolons.csv": (b"email;name\nodd@example.com;Odd\n", None),
    "comma-in-a-name.csv": (b'"plan, kind";email\nx;odd@example.com\n', "plan, kind"),
    "tabs.csv": (b"email\tname\nodd@example.com\tOdd\n", None),
    "carriage-returns.csv": (b"email,name\rodd@example.com,Odd\r", None),
    "quotes.csv": (b'"email","name"\r\n"odd@example.com","Odd"\r\n', None),
    "empty-lines.csv": (b"\n\nemail,name\n\nodd@example.com,Odd\n\n", None),
    "spaces.csv": (b" email , name \n odd@example.com , Odd \n", None),
    "bom.jsonl": (b'\xef\xbb\xbf{"email": "odd@example.com", "name": "Odd"}\n', None),
    "empty.csv": (b"", "empty.csv: the first line must name each column"),
    "capitals.csv": (b"Email,Name\na@b.c,A\n", "the key; it has Email, Name"),
    "nameless.csv": (b"email,\na@b.c,A\n", "the first line must name each column"),
    "latin.csv": ("email,name\na@b.c,Jür\n".encode("latin-1"), "not UTF-8"),
    "late.csv": (b"email\n" + b"a@b.c\n" * 50 + b"\xff@b.c\n", "late.csv, line 52: not UTF-8"),
    "utf-16.csv": ("email\na@b.c\n".encode("utf-16"), "not UTF-8"),
    "unclosed.csv": (b'email,name\na@b.c,"A\n', "unclosed.csv, row 1 (line 2)"),
    "broken.jsonl": (
        b'{"email": "a@b.c"}\n{"email":\n',
        "broken.jsonl, row 2 (line 2): not a JSON object",
    ),
    "no-object.jsonl": (b'{"email": "a@b.c"}\n["a"]\n', "no-object.jsonl, row 2 (line 2)"),
    "no.parquet": (b"PAR1", "no.parquet is no Parquet file"),
}


@pytest.mark.parametrize("name", ODD_FILES)
async def test_files_of_all_kinds_are_read_or_refused_on_one_line(
    run_here: Run, tmp_path: Path, name: str
) -> None:
    if name.endswith(".parquet"):
        pytest.importorskip("pyarrow")
    path = tmp_path / name
    body, said = ODD_FILES[name]
    path.write_bytes(body)
    async with simulated() as (simulator, environment):
        done = await run_here("import", "contacts", str(path), environment=environment)
        made = found(simulator, "odd@example.com")

    assert [one["name"] for one in made] == (["Odd"] if said is None else [])
    assert (done.returncode, done.stderr.count(b"\n")) == ((0, 0) if said is None else (2, 1))
    assert (said or "") in done.stderr.decode()


@pytest.mark.parametrize("name", ["custom_attributes", "nonsense", "email", "custom_attributes.x"])
async def test_a_value_of_a_wrong_type_refuses_its_row_alone(
    run_here: Run, tmp_path: Path, name: str
) -> None:
    path = tmp_path / "people.jsonl"
    rows = [{"email": "a@example.com"}, {"email": "b@example.com", name: [7]}]
    path.write_text("\n".join(map(json.dumps, rows)))
    async with simulated() as (simulator, environment):
        done = await run_here("import", "contacts", str(path), environment=environment)
        assert len(found(simulator, "a@example.com")) == 1

    assert done.returncode == 3
    assert b"1 row was rejected: fix" in done.stderr
    refused = json.loads((tmp_path / "people.rejected.jsonl").read_text())
    assert name.rpartition("custom_attributes.")[2] in refused["_error"]


async def test_values_of_parquet_are_read_by_what_they_mean(run_here: Run, tmp_path: Path) -> None:
    pa: Any = pytest.importorskip("pyarrow")
    parquet: Any = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "people.parquet"
    table = pa.table(
        {
            "email": [f"{name}@example.com" for name in "abc"],
            "signed_up_at": pa.array([datetime(2024, 1, 2), None, None], pa.timestamp("us")),  # noqa: DTZ001 (the point)
            "last_seen_at": pa.array([date(2024, 1, 2), None, None]),
            # How a table holds whole numbers where one is missing.
            "owner_id": [float("nan"), float("nan"), float("nan")],
            "custom_attributes": [{"plan": "pro"}, {"plan": None}, None],
        }
    )
    parquet.write_table(table, path)
    async with simulated() as (simulator, environment):
        done = await run_here("import", "contacts", str(path), environment=environment)
        [first] = found(simulator, "a@example.com")

    assert done.returncode == 0, done.stderr
    assert (first["signed_up_at"], first["last_seen_at"]) == (1_704_153_600, 1_704_153_600)
    assert first["custom_attributes"]["plan"] == "pro"
    assert first["owner_id"] is None


class InMemory(Connection):
    """A connection to a simulator in the same process."""

    simulator: ClassVar[Simulator]

    def client(self, **options: Any) -> Intercom:
        transport = MemoryTransport(self.simulator.answer)
        return Intercom(self.simulator.token, transport=transport, **options)


def check_an_import_of(rows: int, path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """Import new contacts, and compare the time with what the limit gives."""
    write_csv(path, [{"external_id": f"x{number}", "name": "N"} for number in range(rows)])

    async def imported() -> tuple[int, float]:
        InMemory.simulator = Simulator(contacts=1, seed=7, latency_s=0.05)
        begun_s = CLOCK.now()
        code = await import_(
            "contacts", path, key="external_id", concurrency=64, connection=InMemory()
        )
        return code, CLOCK.now() - begun_s

    code, seconds = run_virtual(imported())
    shown = json.loads(capsysbinary.readouterr().out)
    assert code == 0
    assert (shown["rows"], shown["created"], shown["rejected"]) == (rows, rows, 0)
    assert InMemory.simulator.call("GET", "/contacts")["total_count"] == rows + 1
    # A look for each and its creation, 1,667 calls in 10 s.
    calls_s = 2 * rows / (10_000 / 60)
    assert calls_s - 12 <= seconds <= calls_s + 12


def test_an_import_has_the_pace_of_the_limit(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """`tests/services/test_large_import.py` imports ten thousand rows."""
    check_an_import_of(1_000, tmp_path / "people.csv", capsysbinary)
