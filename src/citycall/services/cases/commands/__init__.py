"""What can be done with a case. Importing this package registers every command of the room."""

from citycall.services.cases.commands import (
    approval,
    closing,
    delays,
    establish,
    handling,
    lookups,
    merging,
    outages,
    petitions,
    phone,
    repeats,
    replies,
    stages,
    tasks,
    tracking,
)

__all__ = [
    "approval",
    "closing",
    "delays",
    "establish",
    "handling",
    "lookups",
    "merging",
    "outages",
    "petitions",
    "phone",
    "repeats",
    "replies",
    "stages",
    "tasks",
    "tracking",
]
