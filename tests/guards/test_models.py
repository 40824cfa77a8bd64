"""Every table: personal data encrypted, history append-only, instants with a zone, migrations in step."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import DatabaseError, connection, migrations, models, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from pytest_django import DjangoDbBlocker

from citycall.base.private import EncryptedTextField

# Words that name a person's data when they stand in a column's name.
PRIVATE = re.compile(
    r"(^|_)(name|phone|phone2|mobile|email|address|contact|caller|callee|ip|birth|idno)(_|$)", re.IGNORECASE
)
# Such columns that are no citizen's contact data, or are not readable, and why they are kept in clear.
IN_CLEAR = {
    "base.AuditEntry.ip": "of staff and of look-ups: an audit trail that cannot be read is none",
    "base.StoredFile.name": "what the uploader, who is staff, called the file",
    "people.Party.phone_hash": "a keyed hash",
    "people.Agency.name_zh": "an office",
    "people.Agency.name_en": "an office",
    "people.Post.name_zh": "an office",
    "people.Post.name_en": "an office",
    "people.Post.phone": "of an office, for citizens to ring",
    "cases.ReplyDraft.handler_name": "a civil servant at work, named in what citizens read",
    "cases.ReplyDraft.handler_phone": "of an office, named in what citizens read",
    "people.Staff.display_name": "a civil servant at work",
    "people.Staff.email": "a civil servant's office address",
    "people.SignInFailure.name_hash": "a keyed hash",
    "people.SignInFailure.ip": "kept against guessing, a day",
    "people.ApiToken.name": "a program",
    "people.PartyView.ip": "of staff",
    "cases.Case.address": "where the lamp is out, not where the reporter lives",
    "cases.Case.has_phone": "yes or no",
    "cases.Case.has_email": "yes or no",
    "cases.Case.has_mobile": "yes or no",
    "cases.UnfoundedLetter.address": "the place reported",
    "cases.PhoneRecord.caller": "a civil servant at work (NT-5-4-4d)",
    "cases.LookupFailure.ip": "kept against guessing, a day",
    "calls.Call.phone_hash": "a keyed hash",
    "calls.Disposition.authority_name": "an office or a company",
    "calls.Disposition.contact": "how an office or a company is reached",
    "calls.SpecialCaller.phone_hash": "a keyed hash",
    "people.IdentityCheck.phone_hash": "a keyed hash",
    "rehearsal.ImportedCase.address": "as published by another government",
    "rehearsal.ImportedCase.agency_name": "an office",
    "rehearsal.ImportedCase.district_name": "a district",
    "rehearsal.ImportedCase.item_name": "a sort of matter",
    "rehearsal.ImportedCase.reporter_name": "as published by another government: open data",
    "rehearsal.ImportedCase.reporter_phone": "as published by another government: open data",
    "rehearsal.ImportedStep.agency_name": "an office",
}
APPEND_ONLY = ("base_event", "base_auditentry", "base_auditlink")


def ours() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if model.__module__.startswith("citycall.")]


def columns() -> Iterator[tuple[str, models.Field[object, object]]]:
    for model in ours():
        for column in model._meta.concrete_fields:
            yield f"{model._meta.label}.{column.name}", column


def test_personal_data_are_encrypted() -> None:
    clear = {
        name
        for name, column in columns()
        if PRIVATE.search(column.name) and not isinstance(column, EncryptedTextField)
    }
    assert clear - IN_CLEAR.keys() == set(), "encrypt it, or say above why not"
    assert IN_CLEAR.keys() - clear == set(), "no longer there: take it off the list"


def test_all_words_of_a_party_are_encrypted() -> None:
    from citycall.people.models import Party

    words = (models.CharField, models.TextField)
    clear = [
        column.name
        for column in Party._meta.concrete_fields
        if isinstance(column, words) and not isinstance(column, EncryptedTextField)
    ]
    assert clear == ["phone_hash"]
    assert sum(isinstance(column, EncryptedTextField) for column in Party._meta.concrete_fields) == 5


def test_every_instant_has_a_zone() -> None:
    naive = [
        name
        for name, column in columns()
        if isinstance(column, models.DateTimeField)
        and column.db_type(connection) != "timestamp with time zone"
    ]
    assert naive == []
    times = [name for name, column in columns() if isinstance(column, models.TimeField)]
    assert times == [], "a time of day without a date belongs to the pack"


def test_no_time_is_taken_from_elsewhere() -> None:
    """`auto_now` would ask the machine's clock, which a rehearsal does not move."""
    automatic = [
        name
        for name, column in columns()
        if getattr(column, "auto_now", False) or getattr(column, "auto_now_add", False)
    ]
    assert automatic == []


@pytest.mark.django_db
def test_the_database_keeps_times_with_zones_alone() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND data_type IN ('timestamp without time zone',"
            " 'time without time zone')"
        )
        assert cursor.fetchall() == []


@pytest.mark.django_db
@pytest.mark.parametrize("table", APPEND_ONLY)
def test_history_refuses_update_and_delete(table: str) -> None:
    from citycall.base import audit
    from citycall.base.commands import background
    from citycall.base.events import Event

    with background("guard.write"):
        Event.objects.create(
            subject_kind="case",
            subject_id=1,
            kind="case.seen",
            at="2026-03-02T10:00Z",
            actor_kind="system",
            data={},
        )
    if table == "base_auditlink":
        from citycall.base.audit import AuditEntry, AuditLink

        AuditLink.objects.create(seq=1, entry=AuditEntry.objects.first(), hash=b"\0" * 32)
    assert audit is not None
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid"
            f" AND a.attnum = i.indkey[0] WHERE i.indrelid = '{table}'::regclass AND i.indisprimary"
        )
        key = cursor.fetchone()[0]
        cursor.execute(f"SELECT count(*) FROM {table}")
        assert cursor.fetchone()[0] > 0
    for statement in (f"UPDATE {table} SET {key} = {key}", f"DELETE FROM {table}"):
        with (
            pytest.raises(DatabaseError, match="pgtrigger"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


# --- migrations -------------------------------------------------------------------------------------------


def test_migrations_are_in_step(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    with django_db_blocker.unblock():
        call_command("makemigrations", check=True, dry_run=True, verbosity=0)


# What holds a lock on a table that is in use while it rewrites or reads all of it.
LOCKING = re.compile(
    r"\b(VACUUM\s+FULL|CLUSTER|LOCK\s+TABLE|REINDEX(?!.*CONCURRENTLY)|ALTER\s+COLUMN\s+\S+\s+TYPE)\b",
    re.IGNORECASE | re.DOTALL,
)


def later() -> list[migrations.Migration]:
    """Our migrations after a room's first one: those that meet tables with rows in them."""
    loader = MigrationLoader(None, ignore_no_migrations=True)
    return [
        migration
        for (app, _), migration in sorted(loader.disk_migrations.items())
        if type(migration).__module__.startswith("citycall.") and not migration.initial
    ]


def test_every_room_begins_with_one_initial_migration() -> None:
    loader = MigrationLoader(None, ignore_no_migrations=True)
    first = {
        app
        for (app, _), migration in loader.disk_migrations.items()
        if type(migration).__module__.startswith("citycall.") and migration.initial
    }
    assert first == {model._meta.app_label for model in ours()}


def of_the_database(operations: Iterable[Operation]) -> Iterator[Operation]:
    """Those that change the database, where state and database are changed apart."""
    for op in operations:
        if isinstance(op, migrations.SeparateDatabaseAndState):
            yield from of_the_database(op.database_operations)
        else:
            yield op


def test_fewer_indexes_left_what_is_needed(db: None) -> None:
    with connection.cursor() as cursor:
        cases = connection.introspection.get_constraints(cursor, "cases_case")
        clocks = connection.introspection.get_constraints(cursor, "cases_caseclock")
    of_number = [name for name, one in cases.items() if one["columns"] == ["number"] and one["unique"]]
    assert of_number == ["case_number_once"]
    assert not any(one["columns"] == ["number"] and one["index"] for one in cases.values())
    of_case = [one for one in clocks.values() if one["columns"] == ["case_id"]]
    assert any(one["foreign_key"] for one in of_case), "the key stands"
    assert not any(one["index"] for one in of_case), "and its own index is gone"


def test_no_migration_locks_a_table_for_long() -> None:
    """On a table with rows: indexes concurrently, new columns with a default of the database or null,
    constraints first not valid; a column's type is changed in three steps instead."""
    wrong: list[str] = []
    for migration in later():
        name = f"{migration.app_label}.{migration.name}"
        made = {op.name.lower() for op in migration.operations if isinstance(op, migrations.CreateModel)}
        for op in of_the_database(migration.operations):
            table = getattr(op, "model_name", "").lower()
            if table in made:
                continue
            if type(op) is migrations.AddConstraint:
                wrong.append(f"{name}: use AddConstraintNotValid and ValidateConstraint on {table}")
            if isinstance(op, migrations.AddIndex) and type(op) is migrations.AddIndex:
                wrong.append(f"{name}: use AddIndexConcurrently on {table}")
            if isinstance(op, migrations.AddField):
                field = op.field
                if not field.null and not field.many_to_many and field.db_default is models.NOT_PROVIDED:
                    wrong.append(f"{name}: {table}.{op.name} needs null=True or db_default")
                if field.unique or field.db_index:
                    wrong.append(f"{name}: {table}.{op.name}: its index in a step of its own, concurrently")
            if isinstance(op, migrations.RunSQL) and LOCKING.search(str(op.sql)):
                wrong.append(f"{name}: {op.sql!s:.60}")
    assert wrong == []
