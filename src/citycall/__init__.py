"""CityCall: the open-source 1999, the one number a Taiwanese city answers."""

__version__ = "0.1.0"
