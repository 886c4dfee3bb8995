"""The general guide: one plain manifest of several documents, by commit or by pull request.

The seed writes the manifest as ``k8s/deployment.yaml`` in one place and the application's path as
``apps/my-app`` in another; here the application reads ``k8s``.
"""

from dataclasses import replace

from sandbox.systems.nouns import (
    Application,
    Build,
    CodeCommit,
    CodeRepository,
    Deploy,
    Plain,
    System,
)
from sandbox.systems.people import CHANNELS, JIMIN, PEOPLE, SEOYEON, TEAMS

GUIDE = System(
    name="guide",
    title="General guide",
    package=__package__,
    gitops="org/gitops-repo",
    branch="main",
    code=(
        CodeRepository(
            "org/my-app",
            "main",
            (
                CodeCommit("main", *SEOYEON, "Initial commit"),
                CodeCommit("main", *JIMIN, "Add health endpoint"),
                CodeCommit("main", *SEOYEON, "Fix typo in greeting"),
            ),
        ),
    ),
    applications=(
        Application(
            "my-app",
            "default",
            "https://github.com/org/gitops-repo.git",
            "k8s",
            "main",
            "my-app",
            Plain(),
        ),
    ),
    builds=(Build("org/my-app", "my-app", "main", "{sha}"),),
    images=(
        "my-app:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b",
        "my-app-metrics:0.4.2",
        "busybox:1.36",
    ),
    deploys=(Deploy(("my-app",), "prod", "org/my-app", "main"),),
    people=PEOPLE,
    teams=TEAMS,
    channels=CHANNELS,
)

GUIDE_BY_PULL_REQUEST = replace(
    GUIDE,
    name="guide-by-pull-request",
    title="General guide, by pull request",
    settings="shipmate-by-pull-request.yaml",
)
"""The same company in the guide's other way: each change of the manifest is a pull request."""
