"""How error falls with data and width: the fit, its intervals and what it forecasts."""
