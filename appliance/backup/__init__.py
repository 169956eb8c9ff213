"""Backups: one sealed file that holds everything, made while the appliance runs, and what brings it back."""
