"""E-mail messages taken apart: from bytes to texts, people and files. Knows no sessions, and touches no disk."""
