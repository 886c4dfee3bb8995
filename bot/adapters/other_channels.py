"""Mail, PagerDuty, Teams, webhooks and so on, through apprise.

apprise is an extra (``shipmate[notify]``). An address is one of its URLs and a secret; what an
alert needs beside its words goes in as parameters of that URL, which is how apprise is told.

Source: https://github.com/caronc/apprise/wiki
"""

import logging
import re
import time
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from pydantic import SecretStr

from bot.adapters.calls import OnCall, nobody_listens
from bot.domain.alerts import Alert, Severity
from bot.domain.errors import Unavailable
from bot.settings import SettingProblem, SettingsInvalid

SYSTEM, PAGERDUTY = "apprise", "pagerduty"
OK = 200

KINDS: Mapping[Severity, str] = {
    Severity.INFO: "info",
    Severity.WARNING: "warning",
    Severity.CRITICAL: "failure",
}

INSTALL = "needs apprise: install shipmate[notify]"

LONGEST_SUMMARY = 1000
"""PagerDuty refuses a summary of more than 1024 characters.

Source: https://developer.pagerduty.com/docs/send-alert-event
"""

ANSWERED = re.compile(r"error=([0-9]{3})\b")
"""How apprise's warnings tell the HTTP status. Nothing else of them is repeated: they may quote."""


class OtherChannels:
    """Tells receivers at their *addresses*, by the names that the configuration gives them.

    *on_call* is told of each call, as one to apprise, by the kind of the receiver's address.

    Raises:
        SettingsInvalid: apprise is not installed, or an address is none that it knows.
    """

    def __init__(
        self, addresses: Mapping[str, SecretStr], on_call: OnCall = nobody_listens
    ) -> None:
        self._addresses, self._apprise = addresses, _apprise(addresses)
        self._on_call = on_call
        # Its log may quote an address. What we need of it is captured.
        logging.getLogger("apprise").propagate = False
        if unknown := [name for name in addresses if self._joined(self._url(name)) is None]:
            raise SettingsInvalid(
                SettingProblem(f"NOTIFY_{name}", "is no address that apprise understands")
                for name in unknown
            )

    @property
    def receivers(self) -> tuple[str, ...]:
        """Return who can be told, by name."""
        return tuple(self._addresses)

    def tell(self, receiver: str, alert: Alert, title: str, body: str) -> None:
        """Tell *receiver* the words *title* and *body* of *alert*.

        Raises:
            Unavailable: it was not taken. apprise does not tell whether it ever would be.
        """
        doing, url = f"tell {receiver}", self._url(receiver)
        joined = self._joined(_with(url, alert))
        if joined is None:
            raise Unavailable(SYSTEM, doing, "the address cannot be used")
        if _schema(url) == PAGERDUTY:
            title, body = "", f"{title}\n{body}".strip()[:LONGEST_SUMMARY]
        start = time.perf_counter()
        with self._apprise.LogCapture(level=logging.WARNING, fmt="%(message)s") as said:
            taken = joined.notify(
                body=body or title,
                title=title if body else "",
                notify_type=self._apprise.NotifyType(_kind(alert)),
                body_format=self._apprise.NotifyFormat.TEXT,
            )
            why = said.getvalue()
        answered = ANSWERED.search(why)
        status = OK if taken else answered and int(answered[1])
        self._on_call(SYSTEM, _schema(url), status, time.perf_counter() - start)
        if not taken:
            raise Unavailable(SYSTEM, doing, f"answered {answered[1]}" if answered else "no answer")

    def _url(self, receiver: str) -> str:
        return self._addresses[receiver].get_secret_value()

    def _joined(self, url: str) -> Any:
        """Return apprise with the one address *url*, or None where it is none."""
        asset = self._apprise.AppriseAsset(app_id="Shipmate", app_desc="Shipmate", async_mode=False)
        joined = self._apprise.Apprise(asset=asset)
        return joined if joined.add(url) else None


def channels(
    receivers: Iterable[str], addresses: Mapping[str, SecretStr], on_call: OnCall = nobody_listens
) -> OtherChannels | None:
    """Return the channels to *receivers*, or None where there are none.

    Raises:
        SettingsInvalid: one has no address, or one that cannot be used, or apprise is missing.
    """
    names = tuple(dict.fromkeys(receivers))
    if missing := [name for name in names if name not in addresses]:
        raise SettingsInvalid(
            SettingProblem(f"NOTIFY_{name}", "is missing: give the address, as a URL of apprise")
            for name in missing
        )
    found = {name: addresses[name] for name in names}
    return OtherChannels(found, on_call) if found else None


def _apprise(receivers: Iterable[str]) -> Any:
    try:
        import apprise
    except ImportError:
        first = min(receivers)
        raise SettingsInvalid([SettingProblem(f"NOTIFY_{first}", INSTALL)]) from None
    return apprise


def _kind(alert: Alert) -> str:
    """Return apprise's word for how bad it is."""
    if alert.resolves:
        return "success"
    return KINDS[alert.severity]


def _with(url: str, alert: Alert) -> str:
    """Return *url* with what its kind of receiver can use of *alert* besides the words."""
    match _schema(url):
        case "pagerduty":
            said = {
                "action": "resolve" if alert.resolves else "trigger",
                "dedup": alert.dedup,
                "severity": alert.severity.value,
                "click": alert.link,
            }
        case "json" | "jsons":
            said = {
                ":happening": alert.happening.value,
                ":severity": alert.severity.value,
                ":dedup": alert.dedup,
                ":resolves": str(alert.resolves).lower(),
                ":link": alert.link,
                ":service": alert.service or "",
                ":environment": alert.environment or "",
            }
        case _:
            return url
    more = urlencode({key: value for key, value in said.items() if value}, quote_via=quote)
    return f"{url}{'&' if '?' in url else '?'}{more}"


def _schema(url: str) -> str:
    return url.partition(":")[0].strip().lower()
