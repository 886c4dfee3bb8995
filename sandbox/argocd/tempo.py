"""How long things take in the pretended Argo CD and its cluster, in the sandbox clock's time."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass
class Tempo:
    """Every delay of the fake. Change a field at any time; it counts from the next use on.

    *poll_interval* is Argo CD's own re-reading of Git (120 s by default there; its jitter is left
    out). *reconcile_delay* runs from a reason to look until the status loop writes.
    *operation_delay* is each of the operation loop's two steps: taking an operation up, and
    applying it. *status_gap* is how long after an operation's end the status loop stays with what
    it knew. *rollout_duration* is a Deployment's rolling update, and each step of a Rollout.
    *progress_deadline* counts where a manifest has no ``progressDeadlineSeconds``; Kubernetes'
    own default is 600 s, shorter here so that a rehearsal of failure ends. *termination_grace* is
    how long terminating Pods are still seen. *hook_duration* is one hook. *owner_delay* is an
    ApplicationSet's answer to a changed spec, *parent_delay* a self-healing parent's.
    *self_heal_delay* runs from a drift to the operation that reverts it (5 s by default there).
    *heartbeat* is the comment line on an SSE stream.
    """

    poll_interval: timedelta = timedelta(seconds=120)
    reconcile_delay: timedelta = timedelta(seconds=1)
    operation_delay: timedelta = timedelta(seconds=1)
    status_gap: timedelta = timedelta(seconds=2)
    rollout_duration: timedelta = timedelta(seconds=10)
    progress_deadline: timedelta = timedelta(seconds=60)
    termination_grace: timedelta = timedelta(seconds=2)
    hook_duration: timedelta = timedelta(seconds=5)
    owner_delay: timedelta = timedelta(milliseconds=500)
    parent_delay: timedelta = timedelta(seconds=3)
    self_heal_delay: timedelta = timedelta(seconds=5)
    heartbeat: timedelta = timedelta(seconds=15)
