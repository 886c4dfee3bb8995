"""Approve, Reject, and asking anew: clicks on the approvers' card."""

from typing import Any

from slack_bolt import Ack

from bot.domain.message import Message
from bot.domain.operations import Operation
from bot.messages.decisions import REASON, not_taken, reject_view, taken
from bot.operations.deciding import Decided, Deciding, NotTaken, Place, Taken
from handlers.desk import Asker, Desk
from handlers.errands import Doers, Errand, Errands, Facts, Reply, click_on_card
from handlers.later import Speaker

YES, NO = "approve", "reject"


def doers(deciding: Deciding) -> Doers:
    """Return who takes a yes, and a no."""

    def approve(facts: Facts) -> Message:
        place = Place(facts["channel"], facts["ts"])
        return words(deciding.approve(facts["value"], facts["user"], place))

    def reject(facts: Facts) -> Message:
        return words(deciding.reject(facts["value"], facts["user"], facts["reason"]))

    return {YES: approve, NO: reject}


def on_approve(ack: Ack, body: dict[str, Any], action: dict[str, Any], errands: Errands) -> None:
    """Take a yes; only the person who clicked reads the answer."""
    errands.run(click_on_card(YES, body, action), ack)


def on_reject(
    ack: Ack, body: dict[str, Any], action: dict[str, Any], deciding: Deciding, speaker: Speaker
) -> None:
    """Ask why, if there is still something to reject; who may is judged with the answer."""
    operation, _, place = _clicked(body, action)
    open_ = deciding.open(operation, place)
    ack()
    if isinstance(open_, Operation):
        speaker.open(body["trigger_id"], reject_view(open_), body["response_url"])
    else:
        speaker.respond(body["response_url"], lambda: words(open_))


def on_reject_reason(
    ack: Ack, body: dict[str, Any], view: dict[str, Any], deciding: Deciding, errands: Errands
) -> None:
    """Take a no with its reason."""
    operation, user = str(view.get("private_metadata", "")), body["user"]["id"]
    reason = str(view["state"]["values"][REASON][REASON]["value"] or "")
    if not reason.strip():
        ack(response_action="errors", errors={REASON: "Say why, so that it can be put right."})
        return
    facts = {"value": operation, "user": user, "reason": reason}
    reply = Reply(user, channel=deciding.channel(operation) or user)
    errands.run(Errand(NO, f"view:{view['id']}", reply, facts, operation), ack)


def on_anew(
    ack: Ack, body: dict[str, Any], action: dict[str, Any], desk: Desk, speaker: Speaker
) -> None:
    """Ask for the same once more, in the name of who clicked; a fresh plan is made."""
    operation, user, place = _clicked(body, action)
    asker = Asker(user, place.channel, asked=f"anew:{operation}:{body['trigger_id']}")
    answer = desk.again(operation, asker)
    ack()
    answer.then()
    speaker.respond(body["response_url"], lambda: answer.message)


def words(decided: Decided) -> Message:
    """Return what the person who clicked reads."""
    match decided:
        case Taken(operation, decision, tallied):
            return taken(operation, decision, tallied)
        case NotTaken(problem=problem, whom=whom):
            return not_taken(problem, whom)


def _clicked(body: dict[str, Any], action: dict[str, Any]) -> tuple[str, str, Place]:
    """Return the operation's id as it was sent, who clicked, and the message that it stood in."""
    container = body.get("container") or {}
    place = Place(str(container.get("channel_id", "")), str(container.get("message_ts", "")))
    return str(action.get("value", "")), body["user"]["id"], place
