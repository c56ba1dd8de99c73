"""Bailiwick: who may do what, where, and why."""

__version__ = "0.5.0"
