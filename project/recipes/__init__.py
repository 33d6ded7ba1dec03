"""Recipes: what becomes of images between the data and the model, a block at a time."""
