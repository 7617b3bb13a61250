"""The weights of models in memory and in folders: what training, generation and the preparation of bases share."""
