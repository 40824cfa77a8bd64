"""Makes a sample government in the database of DATABASE_URL and prints a token of an operator."""

from __future__ import annotations

import django

django.setup()

from django.core.management import call_command  # noqa: E402

from citycall.base.commands import SYSTEM, execute  # noqa: E402
from citycall.rehearsal.sample import load_sample  # noqa: E402

call_command("migrate", interactive=False, verbosity=0)
load_sample("newtaipei", cases=False)
print(execute("people.create_token", SYSTEM, {"name": "restart", "post": "call_centre.operator1"}).token)
