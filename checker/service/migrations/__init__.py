"""How the tables of the service came to be, step by step: a module in `versions` for each step, run by alembic."""
