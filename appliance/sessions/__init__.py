"""The turn: order, evaluate, commit, effects."""
