"""What is said of logins that end or are refused, and of clocks that disagree."""

from datetime import datetime, timedelta

from bot.domain.ailments import Ailment, ClockOff, Ends, Refused
from bot.domain.alerts import Alert, Happening, Severity
from bot.domain.message import Message
from bot.messages import blocks
from bot.messages.spans import Line, code, line, mrkdwn, quoted, words
from bot.messages.times import lasted

ARGO = "Argo CD"


def sentence(ailment: Ailment, now: datetime) -> str:
    """Return in plain words what is not well and what mends it."""
    return words(said(ailment, now))


def told(ailment: Ailment, now: datetime) -> Message:
    """Return what the channel reads."""
    spoken = line("⚠️ ", *said(ailment, now))
    block = blocks.prose("ailment", [blocks.lines(spoken)])
    return Message(mrkdwn(spoken, blocks.TEXT), (block,))


def alert(ailment: Ailment, now: datetime) -> Alert:
    """Return what other channels are told."""
    ending = isinstance(ailment, Ends) and ailment.at > now
    mild = ending or isinstance(ailment, ClockOff)
    return Alert(
        _happening(ailment),
        Severity.WARNING if mild else Severity.CRITICAL,
        dedup(ailment),
        words(_what(ailment, now)),
        words(_mend(ailment)),
        "",
    )


def over(ailment: Ailment) -> Alert:
    """Return what those hear who were told of *ailment*, now that it is over."""
    title = f"{ailment.system}: {'clock' if isinstance(ailment, ClockOff) else 'login'} is well"
    return Alert(_happening(ailment), Severity.INFO, dedup(ailment), title, "", "", resolves=True)


def dedup(ailment: Ailment) -> str:
    """Return what the trouble is called among alerts."""
    return f"{_happening(ailment).value}/{ailment.system}"


def said(ailment: Ailment, now: datetime) -> Line:
    """Return what is not well, and what mends it."""
    return line(*_what(ailment, now), " ", *_mend(ailment))


def _happening(ailment: Ailment) -> Happening:
    return Happening.CLOCK if isinstance(ailment, ClockOff) else Happening.LOGIN


def _what(ailment: Ailment, now: datetime) -> Line:
    match ailment:
        case Ends(system=system, at=at) if at <= now:
            return line("Our token for ", quoted(system), " has ended.")
        case Ends(system=system, at=at):
            return line("Our token for ", quoted(system), f" ends in {_days(at - now)}.")
        case Refused(system=system, why=why):
            return line(quoted(system), " does not take our login: ", quoted(why), ".")
        case ClockOff(system=system, by=by):
            way = "ahead of" if by > timedelta() else "behind"
            return line(f"Our clock is {lasted(abs(by))} {way} that of ", quoted(system), ".")


def _mend(ailment: Ailment) -> Line:
    match ailment:
        case ClockOff():
            return line(
                "Set the time of the machine (",
                code("timedatectl set-ntp true"),
                "): logins and signatures fail when clocks are a minute apart.",
            )
        case Ends(system=system, variable=variable) | Refused(system=system, variable=variable):
            if system.startswith(ARGO):
                return line(
                    "Make a new one with ",
                    code("argocd proj role create-token PROJECT shipmate"),
                    " and put it into ",
                    code(variable),
                    ".",
                )
            return line("Put a fresh one into ", code(variable), ".")


def _days(left: timedelta) -> str:
    days = round(left / timedelta(days=1))
    if left < timedelta(days=1):
        return "less than a day"
    return "1 day" if days == 1 else f"{days} days"
