"""Whole shapes of people, repositories and Apps, with every field that GitHub promises."""

from typing import TYPE_CHECKING, Any

from sandbox.github.accounts import Account, simple
from sandbox.github.rest import stamp

if TYPE_CHECKING:
    from sandbox.github.repositories import Repository
    from sandbox.github.state import State

EPOCH = "2024-01-01T00:00:00Z"

_OF_USERS = {
    "followers_url": "followers",
    "following_url": "following{/other_user}",
    "gists_url": "gists{/gist_id}",
    "starred_url": "starred{/owner}{/repo}",
    "subscriptions_url": "subscriptions",
    "organizations_url": "orgs",
    "repos_url": "repos",
    "events_url": "events{/privacy}",
    "received_events_url": "received_events",
}
_OF_REPOSITORIES = {
    "archive_url": "{archive_format}{/ref}",
    "assignees_url": "assignees{/user}",
    "blobs_url": "git/blobs{/sha}",
    "branches_url": "branches{/branch}",
    "collaborators_url": "collaborators{/collaborator}",
    "comments_url": "comments{/number}",
    "commits_url": "commits{/sha}",
    "compare_url": "compare/{base}...{head}",
    "contents_url": "contents/{+path}",
    "contributors_url": "contributors",
    "deployments_url": "deployments",
    "downloads_url": "downloads",
    "events_url": "events",
    "forks_url": "forks",
    "git_commits_url": "git/commits{/sha}",
    "git_refs_url": "git/refs{/sha}",
    "git_tags_url": "git/tags{/sha}",
    "hooks_url": "hooks",
    "issue_comment_url": "issues/comments{/number}",
    "issue_events_url": "issues/events{/number}",
    "issues_url": "issues{/number}",
    "keys_url": "keys{/key_id}",
    "labels_url": "labels{/name}",
    "languages_url": "languages",
    "merges_url": "merges",
    "milestones_url": "milestones{/number}",
    "notifications_url": "notifications{?since,all,participating}",
    "pulls_url": "pulls{/number}",
    "releases_url": "releases{/id}",
    "stargazers_url": "stargazers",
    "statuses_url": "statuses/{sha}",
    "subscribers_url": "subscribers",
    "subscription_url": "subscription",
    "tags_url": "tags",
    "teams_url": "teams",
    "trees_url": "git/trees{/sha}",
}


def user(account: Account, api: str) -> dict[str, Any]:
    """Return an account as webhooks and runs show it."""
    link = f"{api}/users/{account.login}"
    links = {name: f"{link}/{tail}" for name, tail in _OF_USERS.items()}
    return simple(account, api) | {"gravatar_id": "", **links}


def minimal_repository(state: "State", repository: "Repository") -> dict[str, Any]:
    """Return a repository as runs show it."""
    owner, link = state.accounts.add(repository.owner, "Organization"), state.link(repository)
    return {
        "id": repository.id,
        "node_id": f"R_{repository.id}",
        "name": repository.name,
        "full_name": repository.full_name,
        "private": True,
        "owner": user(owner, state.api),
        "html_url": state.page(repository),
        "description": None,
        "fork": False,
        "url": link,
        **{name: f"{link}/{tail}" for name, tail in _OF_REPOSITORIES.items()},
    }


def repository(state: "State", repository: "Repository") -> dict[str, Any]:
    """Return a repository as webhooks show it."""
    page = state.page(repository)
    return minimal_repository(state, repository) | {
        "clone_url": f"{page}.git",
        "git_url": f"git://{page.partition('://')[2]}.git",
        "ssh_url": f"git@example.com:{repository.full_name}.git",
        "svn_url": page,
        "default_branch": repository.default_branch,
        "visibility": "private",
        "created_at": EPOCH,
        "updated_at": EPOCH,
        "pushed_at": EPOCH,
        "homepage": None,
        "language": None,
        "license": None,
        "mirror_url": None,
        "topics": [],
        **dict.fromkeys(("archived", "disabled", "has_pages"), False),
        **dict.fromkeys(("has_downloads", "has_issues", "has_projects", "has_wiki"), True),
        **dict.fromkeys(("allow_forking", "is_template"), False),
        "web_commit_signoff_required": False,
        **dict.fromkeys(("forks", "forks_count", "open_issues", "open_issues_count"), 0),
        **dict.fromkeys(("size", "stargazers_count", "watchers", "watchers_count"), 0),
    }


def integration(state: "State", slug: str) -> dict[str, Any]:
    """Return the App *slug* that reported a check."""
    owner = state.accounts.add("github" if slug == "github-actions" else slug)
    return {
        "id": 15368,
        "node_id": "A_15368",
        "slug": slug,
        "client_id": "Iv1.0123456789abcdef",
        "owner": user(owner, state.api),
        "name": slug.replace("-", " ").title(),
        "description": None,
        "external_url": f"https://{slug}.example",
        "html_url": f"https://github.com/apps/{slug}",
        "created_at": EPOCH,
        "updated_at": EPOCH,
        "permissions": {"checks": "write", "metadata": "read"},
        "events": [],
    }


def simple_commit(repository: "Repository", sha: str) -> dict[str, Any]:
    """Return a commit as runs and suites show it: no accounts, only what Git keeps."""
    commit = repository.objects.commit(sha)
    return {
        "id": sha,
        "tree_id": commit.tree,
        "message": commit.message.rstrip("\n"),
        "timestamp": stamp(commit.committer.at),
        "author": {"name": commit.author.name, "email": commit.author.email},
        "committer": {"name": commit.committer.name, "email": commit.committer.email},
    }
