"""Attacks on the whole appliance, each counted: whatever there is of each kind, nothing gets through."""
