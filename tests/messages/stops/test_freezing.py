import pytest

from bot.domain.stops.freezes import Frozen
from bot.domain.stops.freezing import Lifted, Stopped
from bot.domain.stops.until import BadEnd, WrongEnd
from bot.messages.stops import freezing
from tests.messages.limits import assert_slack_takes
from tests.messages.reading import read
from tests.messages.standing import BOB, CALENDAR, HOUR, NOON, freeze

STILL = Frozen((CALENDAR,), NOON + HOUR)
MANY = tuple(freeze(reason=f"{n} <!channel> " + "z" * 40_000) for n in range(40))


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param(
            Stopped(freeze()),
            "Froze *prod* until somebody lifts it.\n"
            "Nothing new is committed there; what is committed already goes on, but nobody promotes"
            " a paused rollout.\n"
            "To lift it:\n"
            "    /ship unfreeze prod",
            id="frozen",
        ),
        pytest.param(
            Stopped(freeze(until=NOON + HOUR), (freeze(by=BOB, reason="mine"),)),
            "Froze *prod* until 2026-11-21 13:00 UTC.\n"
            "Nothing new is committed there; what is committed already goes on, but nobody promotes"
            " a paused rollout.\n"
            "Beside it, @U0BOB froze it 2026-11-21 12:00 UTC: mine.\n"
            "To lift it:\n"
            "    /ship unfreeze prod",
            id="frozen already",
        ),
        pytest.param(
            BadEnd(WrongEnd.PAST, "2026-11-20"),
            "`2026-11-20` has passed already. Nothing was changed.\n"
            "Send it again with another end, or leave the end away for none.",
            id="an end in the past",
        ),
    ],
)
def test_what_became_of_a_wish_to_freeze(answer, expected):
    message = freezing.freeze_answer(answer)
    assert expected == read(message)
    assert_slack_takes(message)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param(
            Lifted("prod", (freeze(until=NOON + HOUR),)),
            "Lifted in *prod*:\n"
            "@U0ALICE froze it 2026-11-21 12:00 UTC, until 2026-11-21 13:00 UTC: incident 42.",
            id="lifted",
        ),
        pytest.param(
            Lifted("prod", (), STILL),
            "Nobody has frozen *prod*. Nothing was changed.\n"
            "*Still frozen* until 2026-11-21 13:00 UTC by the calendar:"
            " fri-sun from 17:00 Asia/Seoul. That is `environments.prod.freeze` in"
            " `shipmate.yaml`.",
            id="only the calendar",
        ),
        pytest.param(
            Lifted("prod", ()),
            "Nobody has frozen *prod*. Nothing was changed.",
            id="nothing",
        ),
    ],
)
def test_what_became_of_a_wish_to_lift(answer, expected):
    message = freezing.unfreeze_answer(answer)
    assert expected == read(message)
    assert_slack_takes(message)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        pytest.param(
            freezing.announced(freeze()),
            "🧊 @U0ALICE froze *prod*: incident 42.\n"
            "Nothing new is committed there; `/ship unfreeze prod` lifts it.",
            id="frozen",
        ),
        pytest.param(
            freezing.announced_end(Lifted("prod", (freeze(),)), BOB),
            "@U0BOB lifted the freeze of *prod*, frozen by @U0ALICE.",
            id="lifted",
        ),
    ],
)
def test_what_others_read(message, expected):
    assert expected == read(message)
    assert_slack_takes(message)


@pytest.mark.parametrize(
    "message",
    [
        freezing.freeze_answer(Stopped(MANY[0], MANY)),
        freezing.unfreeze_answer(Lifted("prod", MANY, STILL)),
        freezing.announced(MANY[0]),
        freezing.announced_end(Lifted("prod", MANY, STILL), BOB),
    ],
)
def test_slack_takes_whatever_the_reason_and_however_many(message):
    assert_slack_takes(message)
