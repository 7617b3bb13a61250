"""Reader of the Retraction Watch Database: `listed` reads its rows, `list_source` is the source."""
