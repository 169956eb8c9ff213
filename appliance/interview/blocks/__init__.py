"""One module for each kind of block: the keys it takes, the names it offers, what it does when one is sought."""
