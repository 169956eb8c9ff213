"""Tornado: HTTP and WebSocket in, turns out."""
