"""Neptune's protocol for its unmodified client, in front of an MLflow store, and `/compare`.

Each package imports only those above it, as `tests/test_layers.py` asserts:

    store        our tables beside MLflow's in one database, what stands in them, and transactions
    storage      where the files of containers are kept
    api          what every operation is made of: its declaration, access, checks, models
    mlflow       rows of MLflow's experiments, runs, metrics, params, tags and inputs
    auth         accounts, their keys and signed tokens, and the check in front of every route
    workspaces   projects, members and service accounts
    containers   runs, models and model versions: made, watched, stopped, removed
    ingestion    executeOperations: batches of changes, parsed and written exactly once
    attributes   reading attributes and the values of series
    files        files, file sets and tracked artifacts
    query        the table of runs, and the Neptune Query Language
    compare      the page at `/compare`

`app` puts them together; `start`, `stop` and `token_command` are what people call. Beside them:
`prepare` (the store), `address` and `certificate`, and what an `announcement` tells. `errors` and
the `body` of an answer stand below all packages.
"""
