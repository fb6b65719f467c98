"""The machinery of what-if changes: a table of schools in, the changed table and every changed cell out."""
