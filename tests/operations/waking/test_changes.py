import asyncio
import threading

from bot.operations.waking.changes import Changes, application_change


def test_a_change_between_two_looks_is_not_lost():
    """The stream may speak while a look is under way; the next wait must not sleep over it."""
    changes = Changes()
    mark = changes.mark()
    changes.notify("a")
    assert asyncio.run(changes.wait(["a"], mark, 30.0))


def test_what_changed_before_the_look_does_not_wake_again():
    changes = Changes()
    changes.notify("a")
    assert not asyncio.run(changes.wait(["a"], changes.mark(), 0.01))


def test_other_things_do_not_wake():
    changes = Changes()
    mark = changes.mark()
    changes.notify("b")
    assert not asyncio.run(changes.wait(["a"], mark, 0.01))


def test_a_change_from_another_thread_wakes_who_waits():
    changes = Changes()

    async def wait():
        mark = changes.mark()
        waiting = asyncio.create_task(changes.wait(["a", "b"], mark, 30.0))
        await asyncio.sleep(0)
        threading.Thread(target=changes.notify, args=["b"]).start()
        return await waiting

    assert asyncio.run(wait())


def test_applications_of_equal_name_on_two_instances_are_told_apart():
    assert application_change("main", "web") != application_change("edge", "web")
