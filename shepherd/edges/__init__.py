"""How: one foreign thing each, thin; foreign types and errors stop here."""
