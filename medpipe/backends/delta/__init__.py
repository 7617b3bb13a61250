"""The corpus as a Delta Lake table: the table, its rows and its tally."""
