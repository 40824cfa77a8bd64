"""What workers do for this room by themselves: clocks struck, and counted anew after a closure."""

from citycall.services.cases import clocks, recompute

__all__ = ["clocks", "recompute"]
