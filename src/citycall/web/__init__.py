"""Screens for people. Views, forms and templates only: what may be done is decided by the commands."""
