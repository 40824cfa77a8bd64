import shutil
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.test.utils import CaptureQueriesContext

import citycall
from citycall.base import clock, policies
from citycall.base.policies import NoPolicy, PolicyVersion
from citycall.policy import PackError

pytestmark = pytest.mark.django_db

PACKS = Path(citycall.__file__).parents[2] / "policies"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(PACKS / "newtaipei", tmp_path / "newtaipei"))


def reissue(folder: Path, version: str) -> None:
    head = folder / "pack.yaml"
    head.write_text(head.read_text().replace('version: "2026.1"', f'version: "{version}"'))


def test_none_is_in_force_at_first() -> None:
    assert policies.in_force_or_none() is None
    with pytest.raises(NoPolicy):
        policies.in_force()


def test_a_version_is_kept_as_it_was(folder: Path) -> None:
    first = policies.install(folder)
    assert policies.in_force()[0] == first
    reissue(folder, "2026.2")
    second = policies.install(folder)
    assert policies.in_force()[0] == second
    assert PolicyVersion.objects.filter(active=True).count() == 1
    shutil.rmtree(folder)
    policies.refresh()
    policies._known.packs.clear()  # as a process started later would see it
    assert policies.pack_of(first.pk).version == "2026.1"
    assert policies.pack_of(second.pk).version == "2026.2"
    assert policies.in_force()[1].items
    assert policies.in_force()[1].digest == second.digest


def test_the_same_content_is_the_same_version(folder: Path) -> None:
    first = policies.install(folder)
    reissue(folder, "2026.2")
    policies.install(folder)
    reissue(folder, "2026.2")
    assert policies.install(PACKS / "newtaipei") == first
    assert policies.in_force()[1].version == "2026.1"
    assert PolicyVersion.objects.count() == 2


def test_what_it_extends_is_kept_with_it(tmp_path: Path) -> None:
    for name in ("newtaipei", "kaohsiung"):
        shutil.copytree(PACKS / name, tmp_path / name)
    version = policies.install(tmp_path / "kaohsiung")
    shutil.rmtree(tmp_path / "newtaipei")
    policies._known.packs.clear()
    assert {name.partition("/")[0] for name in version.files} == {"newtaipei", "kaohsiung"}
    assert policies.pack_of(version.pk).code == "kaohsiung"


def test_a_wrong_pack_changes_nothing(folder: Path) -> None:
    policies.install(folder)
    (folder / "clocks.yaml").write_text("- {code: 5}\n")
    with pytest.raises(PackError):
        policies.install(folder)
    assert PolicyVersion.objects.count() == 1


def test_it_asks_the_database_once_in_a_while(
    folder: Path, django_assert_num_queries: type[CaptureQueriesContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    version = policies.install(folder)
    policies.in_force()
    with django_assert_num_queries(0):  # type: ignore[call-arg,arg-type]
        for _ in range(50):
            policies.in_force()
            policies.pack_of(version.pk)
    monkeypatch.setattr(policies._known, "checked_at", time.monotonic() - 2)
    with django_assert_num_queries(1):  # type: ignore[call-arg,arg-type]
        policies.in_force()


def test_a_change_by_another_process_is_seen(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = policies.install(folder)
    reissue(folder, "2026.2")
    second = policies.install(folder, activate=False)
    assert policies.in_force()[0] == first
    PolicyVersion.objects.filter(pk=second.pk).update(effective_from=clock.now())
    monkeypatch.setattr(policies._known, "checked_at", time.monotonic() - 2)
    assert policies.in_force()[1].version == "2026.2"


def test_what_the_release_before_this_put_in_force_holds(folder: Path) -> None:
    """It knows of `active` alone; a roll-out leaves nothing of it behind."""
    first = policies.install(folder)
    reissue(folder, "2026.2")
    second = policies.install(folder, activate=False)
    PolicyVersion.objects.filter(pk=first.pk).update(active=False)
    PolicyVersion.objects.filter(pk=second.pk).update(active=True)
    policies.refresh()
    assert policies.in_force()[1].version == "2026.2"


def test_a_change_takes_effect_by_itself_when_its_day_comes(folder: Path) -> None:
    """KM-10-6b: the day comes, the new value applies, and the old one stays readable."""
    start = datetime(2026, 3, 2, 10, tzinfo=clock.TAIPEI)
    with clock.at(start):
        first = policies.install(folder)
        head = policies.text_of("pack.yaml")
        day = datetime(2026, 4, 1, tzinfo=clock.TAIPEI)
        second = policies.amend({"pack.yaml": head.replace("2026.1", "2026.3")}, effective_from=day)
        assert policies.in_force()[0] == first
        assert policies.latest() == second
    with clock.at(day - timedelta(microseconds=1)):
        assert policies.in_force()[0] == first
    with clock.at(day):
        assert policies.in_force()[1].version == "2026.3"
        assert policies.pack_of(first.pk).version == "2026.1"
        assert [version.pk for version in policies.versions()] == [second.pk, first.pk]
        assert policies.version_at(start) == first
        assert policies.version_at(start - timedelta(days=1)) is None


def test_a_change_that_was_revoked_never_takes_effect(folder: Path) -> None:
    start = datetime(2026, 3, 2, 10, tzinfo=clock.TAIPEI)
    with clock.at(start):
        first = policies.install(folder)
        head = policies.text_of("pack.yaml")
        later = start + timedelta(days=30)
        second = policies.amend({"pack.yaml": head.replace("2026.1", "2026.3")}, effective_from=later)
        policies.revoke(second)
        assert policies.latest() == first
    with clock.at(later):
        assert policies.in_force()[0] == first
        assert second in policies.versions()


def test_of_two_at_one_instant_the_second_holds(folder: Path) -> None:
    with clock.at(datetime(2026, 3, 2, 10, tzinfo=clock.TAIPEI)):
        first = policies.install(folder)
        reissue(folder, "2026.2")
        second = policies.install(folder)
        assert policies.in_force()[0] == second
        assert policies.install(PACKS / "newtaipei") == first
        assert policies.in_force()[0] == first


def test_a_story_told_before_the_first_version_has_it_all_the_same(folder: Path) -> None:
    version = policies.install(folder)
    with clock.at(datetime(2001, 1, 1, tzinfo=clock.TAIPEI)):
        assert policies.in_force()[0] == version


def test_an_error_names_the_file_as_it_is_kept(folder: Path) -> None:
    policies.install(folder)
    with pytest.raises(PackError) as caught:
        policies.amend({"items.csv": policies.text_of("items.csv").replace("4 hours", "4 moons", 1)})
    assert (caught.value.file, caught.value.line) == ("newtaipei/items.csv", 2)
    assert "stage1" in caught.value.key


def test_one_file_is_amended(folder: Path) -> None:
    first = policies.install(folder)
    head = policies.text_of("pack.yaml")
    second = policies.amend({"pack.yaml": head.replace("2026.1", "2026.3")})
    assert (policies.in_force()[0], policies.in_force()[1].version) == (second, "2026.3")
    assert policies.pack_of(first.pk).version == "2026.1"
    with pytest.raises(PackError):
        policies.amend({"items.csv": "nonsense"})
    assert policies.in_force()[0] == second
