"""What is the same of all databases here, SQLite's and PostgreSQL's: transactions and outages."""
