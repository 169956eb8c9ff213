"""The program with the window: starts the server as a process of its own, attends it, and shows it."""
