"""BUILDS: ``shipmate deploy`` and its like, beside the running bot and in its database."""
