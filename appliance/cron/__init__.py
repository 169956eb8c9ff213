"""Scheduled events: when they are due, in which sessions they run, and what came of it."""
