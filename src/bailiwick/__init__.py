"""Bailiwick: who may do what, where, and why."""

__version__ = "0.4.0"
