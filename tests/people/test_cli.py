"""The command line: the beginning of an installation, accounts, tokens, a roster."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from pytest_django import Settings
from tests.people import offices

from citycall.base import policies, private
from citycall.base.notices import Notice
from citycall.people import cli, queries
from citycall.people.models import Agency, Government, Holding, Post, Staff
from citycall.people.sample_guard import SAMPLE_PASSWORD, check_installation

pytestmark = pytest.mark.django_db
GOOD = "a long phrase for 2026\n"
HEAD = "agency,agency_name,post,role,username,display_name,email,mobile\n"


def run(command: object, *arguments: str, given: str = "") -> Result:
    return CliRunner().invoke(command, list(arguments), input=given)  # type: ignore[arg-type]


@pytest.fixture
def new_keys(tmp_path: Path, settings: Settings) -> Path:
    settings.CITYCALL_KEYS = tmp_path / "keys" / "keys.json"
    return tmp_path / "keys" / "keys.json"


def begin(password: str = GOOD) -> Result:
    return run(
        cli.init, str(offices.PACK), "--admin", "chen", "--name", "陳管理", "--password-stdin", given=password
    )


def test_a_real_government_begins_with_an_administrator_and_nothing_else(new_keys: Path) -> None:
    done = begin()
    assert done.exit_code == 0, done.output
    government = Government.objects.get()
    assert (government.pack, government.sample) == ("newtaipei", False)
    assert json.loads(new_keys.read_text())["sample"] is False
    assert new_keys.stat().st_mode & 0o777 == 0o600
    assert Staff.objects.count() == Post.objects.count() == Agency.objects.count() == 1
    assert queries.actor_of(Staff.objects.get()).has("admin")
    assert policies.in_force()[1].code == "newtaipei"
    check_installation()


@pytest.mark.parametrize("pack", ["kinmen", "taipei", "enforcement_branch", "household_office"])
def test_every_government_that_is_shipped_can_begin(new_keys: Path, pack: str) -> None:
    folder = str(offices.PACK.parent / pack)
    done = run(cli.init, folder, "--admin", "chen", "--name", "陳管理", "--password-stdin", given=GOOD)
    assert done.exit_code == 0, done.output
    assert Government.objects.get().pack == policies.in_force()[1].code == pack
    assert ("as a template" in done.output) == (pack == "taipei")  # repealed, and chosen all the same (TP-0b)


def test_it_begins_only_once(new_keys: Path) -> None:
    begin()
    again = begin()
    assert again.exit_code == 1
    assert "already has a government" in again.output
    assert Staff.objects.count() == 1


def test_it_does_not_begin_on_the_keys_of_a_sample(new_keys: Path) -> None:
    private.create_key_file(new_keys, sample=True)
    done = begin()
    assert done.exit_code == 1
    assert "keys of a sample" in done.output
    assert not Government.objects.exists()


@pytest.mark.parametrize("password", ["short\n", SAMPLE_PASSWORD + "\n"])
def test_it_does_not_begin_with_a_weak_or_known_password(new_keys: Path, password: str) -> None:
    done = begin(password)
    assert done.exit_code == 1
    assert "密碼" in done.output
    assert not Government.objects.exists()
    assert not new_keys.exists()


def test_an_unknown_pack_is_said_to_be_unknown(new_keys: Path) -> None:
    done = run(cli.init, "atlantis", "--admin", "chen", "--password-stdin", given=GOOD)
    assert done.exit_code == 1
    assert "no policy pack atlantis" in done.output


def test_a_real_government_does_not_work_on_a_samples_keys(new_keys: Path) -> None:
    offices.found(sample=False)
    private.create_key_file(new_keys, sample=True)
    with pytest.raises(Exception, match="key file is a sample's"):
        check_installation()


def test_accounts_are_opened_listed_unlocked_and_given_passwords() -> None:
    offices.found(sample=False)
    done = run(cli.staff, "add", "lin", "--name", "林小姐", "--email", "lin@ntpc.example")
    assert "first password: " in done.output
    assert run(cli.staff, "add", "lin", "--name", "林小姐").exit_code == 1
    assert run(cli.staff, "passwd", "lin", "--password-stdin", given=GOOD).exit_code == 0
    assert Staff.objects.get().check_password(GOOD.strip())
    Staff.objects.update(locked_until=offices.NOW)
    assert "locked until" in run(cli.staff, "list").output
    assert run(cli.staff, "unlock", "LIN").exit_code == 0
    assert "locked" not in run(cli.staff, "list").output
    assert "no account chen" in run(cli.staff, "unlock", "chen").output
    assert run(cli.staff, "list", "--agency", "works").output == ""


def test_tokens_are_made_listed_and_revoked() -> None:
    offices.post("call_centre.operator1", role="operator")
    raw = run(cli.token, "create", "App", "--post", "call_centre.operator1").output.strip()
    assert queries.actor_of_token(raw) is not None
    listed = run(cli.token, "list").output
    assert raw not in listed
    number = listed.split("\t")[0]
    assert run(cli.token, "revoke", number).exit_code == 0
    assert queries.actor_of_token(raw) is None
    assert "revoked" in run(cli.token, "list").output
    assert run(cli.token, "create", "App", "--post", "call_centre.none").exit_code == 1


def roster(tmp_path: Path, *lines: str) -> Path:
    file = tmp_path / "roster.csv"
    file.write_text(HEAD + "".join(f"{line}\n" for line in lines), encoding="utf-8-sig")
    return file


def test_a_roster_is_taken_in_and_again_without_effect(tmp_path: Path) -> None:
    offices.found(sample=False)
    file = roster(
        tmp_path,
        "works,工務局,window,,wang,王窗口,wang@ntpc.example,0912-345-678",
        "works,工務局,handler1,handler,li,李承辦,li@ntpc.example,",
        "works,工務局,handler2,handler,,,,",
        "env,環保局,env.supervisor,supervisor,li,,,",
    )
    passwords = tmp_path / "passwords.csv"
    done = run(cli.staff, "import", str(file), "--passwords", str(passwords))
    assert done.output == "agencies: 2  posts: 4  staff: 2\n", done.output
    assert Post.objects.get(pk="works.window").role == "window"
    assert set(Holding.objects.values_list("post_id", "staff__username")) == {
        ("works.window", "wang"),
        ("works.handler1", "li"),
        ("env.supervisor", "li"),
    }
    assert passwords.stat().st_mode & 0o777 == 0o600
    name, password = passwords.read_text().splitlines()[1].split(",")
    assert Staff.objects.get(username=name).check_password(password)
    assert not Notice.objects.exists()  # a first filling is no change of post
    assert run(cli.staff, "import", str(file)).output == "agencies: 0  posts: 0  staff: 0\n"
    assert run(cli.staff, "import", str(file), "--passwords", str(passwords)).exit_code == 1


def test_a_faulty_roster_changes_nothing_and_every_fault_has_its_line(tmp_path: Path) -> None:
    offices.found(sample=False)
    file = roster(
        tmp_path,
        "works,工務局,window,,wang,王窗口,wang@ntpc.example,",
        "works,工務局,juggler,,li,李承辦,li@ntpc.example,",
        "WORKS,工務局,window,,li,李承辦,li@ntpc.example,",
        "works,工務局,env.window,window,li,李承辦,li@ntpc.example,",
        "works,工務局,handler1,,lin,林承辦,nonsense,02-12345678",
    )
    done = run(cli.staff, "import", str(file))
    assert done.exit_code == 1
    for line in (3, 4, 5, 6):
        assert f"第 {line} 行" in done.output
    assert "第 2 行" not in done.output
    assert not Agency.objects.exists()
    assert not Staff.objects.exists()


@pytest.mark.parametrize(
    "content", [b"agency,post\nworks,window\n", HEAD.encode() + b"works,\xa4\xe5\n", HEAD.encode() + b"a,b\n"]
)
def test_a_file_of_another_shape_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "roster.csv"
    file.write_bytes(content)
    done = run(cli.staff, "import", str(file))
    assert done.exit_code == 1
    assert "行" in done.output
    assert not Agency.objects.exists()
