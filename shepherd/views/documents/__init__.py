"""What each verb says with `--json`: types from which the shipped JSON Schemas are made."""
