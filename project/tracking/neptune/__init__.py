"""How runs stand in Neptune: names, settings, what a client has left."""
