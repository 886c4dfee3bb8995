"""What the desk answers only after asking outside, and then writes: as errands."""

import structlog

from bot.domain.errors import Unavailable
from bot.domain.message import Message
from bot.messages import replies
from bot.messages.rollback.insisting import ACTIONS
from handlers.desk import Answer, Asker, Desk
from handlers.errands import Doers, Errand, Facts, Reply, asked_at

log = structlog.get_logger(__name__)

WORDS, CANCEL, INSIST, RESUME = "words", "cancel", "insist", "resume"


def doers(desk: Desk) -> Doers:
    """Return who does each errand of the desk."""

    def words(facts: Facts) -> Message:
        return _all(desk.hear(facts["verb"], facts["text"], _asker(facts)))

    def cancel(facts: Facts) -> Message:
        try:
            return _all(desk.cancel(facts["value"], facts["user"]))
        except Unavailable as away:
            log.warning("cancel not written down", error=str(away))
            return replies.try_again()

    def insist(facts: Facts) -> Message:
        return desk.insist(facts["value"], ACTIONS[facts["action"]], _asker(facts))

    def resume(facts: Facts) -> Message:
        return desk.resume_after(facts["value"], _asker(facts))

    return {WORDS: words, CANCEL: cancel, INSIST: insist, RESUME: resume}


def typed(verb: str, text: str, asker: Asker, reply: Reply) -> Errand:
    """Return the errand of words that were typed."""
    facts = {
        "user": asker.user,
        "channel": asker.channel,
        "asked": asker.asked,
        "thread": asker.thread or "",
        "verb": verb,
        "text": text,
    }
    return Errand(WORDS, asker.asked, reply, facts, said=text)


def _asker(facts: Facts) -> Asker:
    thread = facts.get("thread") or None
    return Asker(facts["user"], facts["channel"], facts["asked"], thread, asked_at(facts))


def _all(answer: Answer) -> Message:
    """Do all of *answer* and return what is said last."""
    answer.then()
    return answer.later() if answer.later is not None else answer.message
