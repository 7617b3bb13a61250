"""MedlinePlus: health topics, its search service and MedlinePlus Genetics."""
