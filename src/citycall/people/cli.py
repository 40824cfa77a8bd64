"""`citycall init`, `citycall staff`, `citycall token`."""

from __future__ import annotations

import csv
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click
from django.db import OperationalError

from citycall.base import clock
from citycall.base.commands import SYSTEM, Refused
from citycall.people import founding, queries, roster
from citycall.people.commands import add_staff, create_token, revoke_token, set_password, unlock_staff
from citycall.people.models import ApiToken, Holding, Staff
from citycall.policy import PackError, load_pack

ACTOR = replace(SYSTEM, via="cli")


@contextmanager
def _said() -> Iterator[None]:
    """What went wrong, in words and without a traceback."""
    try:
        yield
    except Refused as refused:
        inside = "\n".join(f"  {name}: {message}" for name, message in refused.fields.items())
        raise click.ClickException(f"{refused.message}\n{inside}".rstrip()) from None
    except (founding.NotFounded, PackError) as error:
        raise click.ClickException(str(error)) from None
    except OperationalError as error:
        raise click.ClickException(f"The database cannot be reached: {str(error).strip()}") from None


def _password(from_stdin: bool, username: str) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return str(click.prompt(f"Password of {username}", hide_input=True, confirmation_prompt=True))


@click.command()
@click.argument("pack")
@click.option("--admin", "username", help="Name of the administrator's account.")
@click.option("--name", "display_name", default="", help="The administrator's own name.")
@click.option("--email", default="")
@click.option("--password-stdin", is_flag=True, help="Read the password from the first line of the input.")
def init(pack: str, username: str | None, display_name: str, email: str, password_stdin: bool) -> None:
    """Begin a real installation from a policy pack, with an administrator and nothing else."""
    from django.core.management import call_command

    with _said():
        folder = founding.pack_folder(pack)
        call_command("migrate", interactive=False, verbosity=0)
        founding.check_can_begin()
        username = username or str(click.prompt("Name of the administrator's account"))
        password = _password(password_stdin, username)
        government = founding.found(folder, username, display_name or username, password, email)
    click.echo(f"{government} has begun; {username} may sign in.")
    rules = load_pack(folder)
    if not rules.applies_on(clock.today()):
        click.echo(f"Its rules apply no longer since {rules.ends}: they are used here as a template (TP-0b).")
    click.echo("Next: `citycall staff import FILE.csv` brings in agencies, posts and staff.")


@click.group()
def staff() -> None:
    """Accounts of staff."""


@staff.command("list")
@click.option("--agency", help="Only those who hold a post of this agency.")
def list_staff(agency: str | None) -> None:
    """Accounts with the posts that they hold."""
    with _said():
        held: dict[int, list[str]] = {}
        for holding in Holding.objects.filter(until=None).order_by("post_id"):
            held.setdefault(holding.staff_id, []).append(holding.post_id)
        for person in Staff.objects.order_by("username"):
            posts = held.get(person.pk, [])
            if agency and not any(post.startswith(f"{agency}.") for post in posts):
                continue
            marks = [] if person.is_active else ["closed"]
            if person.locked_until is not None:
                marks.append(f"locked until {person.locked_until:%Y-%m-%d %H:%M} UTC")
            if not person.has_usable_password():
                marks.append("no password")
            click.echo(
                "\t".join([person.username, person.display_name, ", ".join(posts), ", ".join(marks)]).rstrip()
            )


@staff.command("add")
@click.argument("username")
@click.option("--name", "display_name", required=True)
@click.option("--email", default="")
@click.option("--mobile", default="")
@click.option("--password-stdin", is_flag=True, help="Read the password from the first line of the input.")
def add(username: str, display_name: str, email: str, mobile: str, password_stdin: bool) -> None:
    """Open an account. A first password is made and printed unless one is given."""
    with _said():
        password = _password(True, username) if password_stdin else secrets.token_urlsafe(12)
        given = {"username": username, "display_name": display_name, "email": email, "mobile": mobile}
        add_staff(ACTOR, {**given, "password": password})
    click.echo(f"{username} is there" + ("" if password_stdin else f"; first password: {password}"))


@staff.command("passwd")
@click.argument("username")
@click.option("--password-stdin", is_flag=True, help="Read the password from the first line of the input.")
def passwd(username: str, password_stdin: bool) -> None:
    """Set a password, to be changed at the next sign-in."""
    with _said():
        person = _person(username)
        set_password(ACTOR, {"staff": person.pk, "password": _password(password_stdin, username)})
    click.echo(f"{username} has a new password")


@staff.command("unlock")
@click.argument("username")
def unlock(username: str) -> None:
    """Open an account that was locked after wrong passwords."""
    with _said():
        unlock_staff(ACTOR, {"staff": _person(username).pk})
    click.echo(f"{username} is unlocked")


@staff.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--passwords",
    type=click.Path(exists=False, path_type=Path),
    help="Make first passwords and write them to this new file, readable by you alone.",
)
def import_(file: Path, passwords: Path | None) -> None:
    """Agencies, posts and staff from a CSV file.

    Columns: agency, agency_name, post, role, username, display_name, email, mobile. With any fault nothing is
    taken in and every faulty line is named. Running it again changes only what is new.
    """
    if passwords is not None and passwords.exists():
        raise click.ClickException(f"{passwords} is there already.")
    with _said():
        try:
            taken = roster.import_roster(file, with_passwords=passwords is not None)
        except roster.RosterRefused as refused:
            for fault in refused.faults:
                click.echo(f"{file.name}: {fault}", err=True)
            raise click.ClickException("nothing was taken in") from None
    if passwords is not None:
        descriptor = os.open(passwords, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as out:
            csv.writer(out).writerows([("username", "password"), *taken.passwords.items()])
    click.echo(f"agencies: {taken.agencies}  posts: {taken.posts}  staff: {taken.staff}")


@click.group()
def token() -> None:
    """Tokens of programs that use the API."""


@token.command("create")
@click.argument("name")
@click.option("--post", required=True, help="The post that the program acts for: call_centre.operator1.")
def create(name: str, post: str) -> None:
    """Make a token and print it, this once."""
    with _said():
        click.echo(create_token(ACTOR, {"name": name, "post": post}).token)


@token.command("list")
def list_tokens() -> None:
    """Tokens by number, without their secrets."""
    with _said():
        for known in ApiToken.objects.order_by("pk"):
            state = "" if known.active else "revoked"
            click.echo(f"{known.pk}\t{known.prefix}\t{known.post_id}\t{known.name}\t{state}".rstrip())


@token.command("revoke")
@click.argument("number", type=int)
def revoke(number: int) -> None:
    """End a token by its number."""
    with _said():
        revoke_token(ACTOR, {"token": number})
    queries.forget_tokens()
    click.echo(f"token {number} is revoked")


def _person(username: str) -> Staff:
    person = Staff.objects.filter(username__iexact=username).first()
    if person is None:
        raise click.ClickException(f"There is no account {username}.")
    return person
