"""One deploy: the workflow (``flow``) and its steps, one file for each phase."""
