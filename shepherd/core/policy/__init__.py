"""What to lend and what to take home: policies want, gates allow, `decide` says it in one verdict."""
