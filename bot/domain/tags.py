"""Tag templates: a version into an image tag, and an image tag back into its version."""

import re
from dataclasses import dataclass
