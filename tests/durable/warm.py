"""What each life of a mortal bot would else do anew: the nursery does it once, and forks.

Libraries that are imported when they are first used, and the table of source files that the engine
asks ``inspect`` for when it reads how old its workflows are.
"""

import inspect

import apscheduler.triggers.interval
import dbos._sys_db_sqlite
import h11
import httpcore

from tests.durable import runner

READ = (apscheduler.triggers.interval, dbos._sys_db_sqlite, h11, httpcore, runner)

inspect.getmodule(compile("", "nowhere", "exec"))
