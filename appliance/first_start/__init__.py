"""The first start of the app: what the office is called, where its data lives, and whether it is shared."""
