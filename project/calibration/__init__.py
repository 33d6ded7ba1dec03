"""How sure a trained model should be, by its validation samples."""
