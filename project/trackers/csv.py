"""`--tracker csv` asks for nothing beyond the `metrics.csv` that every run writes by itself.

It needs no service and no follower; see `tracking/table.py`.
"""
