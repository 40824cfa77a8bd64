"""What can be done with a case. Importing this package registers every command of the room."""

from citycall.services.cases.commands import (
    approval,
    delays,
    establish,
    handling,
    lookups,
    outages,
    petitions,
    phone,
    repeats,
    replies,
    stages,
)

__all__ = [
    "approval",
    "delays",
    "establish",
    "handling",
    "lookups",
    "outages",
    "petitions",
    "phone",
    "repeats",
    "replies",
    "stages",
]
