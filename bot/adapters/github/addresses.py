"""Where people find on the web what we reach by the API."""

from urllib.parse import urlsplit


def web_address(api_url: str) -> str:
    """Return the web address that belongs to *api_url*, without a last slash.

    github.com, a data-residency host (``api.TENANT.ghe.com``) and a GitHub Enterprise Server
    (``https://host/api/v3``) each put their API elsewhere.

    Source: https://docs.github.com/en/enterprise-server@latest/rest/using-the-rest-api
    """
    parts = urlsplit(api_url.rstrip("/"))
    host = parts.netloc
    if parts.path:
        path = parts.path.removesuffix("/api/v3").removesuffix("/api")
        return f"{parts.scheme}://{host}{path}"
    return f"{parts.scheme}://{host.removeprefix('api.')}"


def commit_page(web: str, repo: str, sha: str) -> str:
    """Return the address of a commit under *web*, as ``web_address`` gives it."""
    return f"{web}/{repo}/commit/{sha}"
