"""`citycall simulate call`: ring the desks without a telephone."""

from __future__ import annotations

import click


@click.group()
def simulate() -> None:
    """Let things happen that come from outside."""


@simulate.command("call")
@click.argument("phone", default="")
def simulate_call(phone: str) -> None:
    """A call from PHONE (none: number withheld) rings at the operators' desks."""
    from citycall.base.commands import SYSTEM, Refused
    from citycall.services.calls.commands import Offer, offer

    try:
        done = offer(SYSTEM, Offer(phone=phone, simulated=True))
    except Refused as refused:
        raise click.ClickException(str(refused)) from refused
    click.echo(f"call {done.call} rings")
