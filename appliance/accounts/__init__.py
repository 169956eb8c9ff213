"""People: who they are, how they sign in, what they may do, and the keys that only they can open."""
