"""One class for each datatype: its control, how it reads what was posted, how it validates."""
