"""What can be done with a case. Importing this package registers every command of the room."""

from citycall.services.cases.commands import (
    delays,
    establish,
    handling,
    lookups,
    outages,
    phone,
    repeats,
    stages,
)

__all__ = ["delays", "establish", "handling", "lookups", "outages", "phone", "repeats", "stages"]
