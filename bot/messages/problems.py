"""Words for every reason: what happened to what, and what the reader can do next."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain.problems import Problem, Reason
from bot.messages.spans import Line
from bot.messages.templates import fill


@dataclass(frozen=True, slots=True)
class Said:
    """A problem in words: *what* happened, and what the reader can do *next*."""

    what: Line
    next: Line


@dataclass(frozen=True, slots=True)
class Words:
    """Two templates of ``bot.messages.templates``."""

    what: str
    next: str


WORDS: Mapping[Reason, Words] = {
    # asked for something that is not there
    Reason.UNKNOWN_VERSION: Words(
        "{repo} has no commit, branch or tag {version}[; {elsewhere} has one].",
        "Check the spelling, or push the commit first; then send the command again"
        "[. Or name a service that is built from {elsewhere}].",
    ),
    Reason.AMBIGUOUS_VERSION: Words(
        "{version} names more than one commit of {repo}.",
        "Send the command again with more characters of the SHA; all 40 always work.",
    ),
    Reason.VERSION_UNFIT: Words(
        "{version} cannot become an image tag of {service}[: its tags look like {template}].",
        "Send the command again with a version that fits: any commit where its tags have `sha`,"
        " a Git tag or image tag such as `v1.2.3` where they have `version`.",
    ),
    Reason.NOT_IN_ENVIRONMENT: Words(
        "{service} does not live in {environment}[; it lives in {environments}].",
        "Send the command again with an environment it lives in, or ask a platform engineer"
        " to add this one to `shipmate.yaml`.",
    ),
    Reason.SEVERAL_REPOSITORIES: Words(
        "One deploy is one commit, and these services are kept in several repositories[: {repos}].",
        "Send one command for each repository.",
    ),
    Reason.ALREADY_THERE: Words(
        "{tag} already stands in Git and runs. There was nothing to change.",
        "Nothing to do. `/ship status` shows what runs.",
    ),
    # rights
    Reason.NOTHING_BEFORE: Words(
        "{service} lives in no environment before {environment}[: it lives in {environments}].",
        "Name where it is to come from: `/promote {service} <from> {environment}`, or deploy a"
        " version by its name.",
    ),
    Reason.NOT_ONE_BEFORE: Words(
        "[Several versions of {service} run in {before}: {runs}|Nothing of {service} runs in"
        " {before}].",
        "Wait until one version runs there, or deploy a version by its name.",
    ),
    Reason.NAMES_NO_COMMIT: Words(
        "The tag {tag} of {service}, which runs in {before}, does not say of which commit it is.",
        "Deploy a version by its name, so that everybody knows what it is.",
    ),
    Reason.NOT_LINKED: Words(
        "The bot does not know which GitHub account {user} has.",
        "Send `/ship link` to connect it where that is switched on, or ask a platform engineer to"
        " add you under `people.map` in `shipmate.yaml`; then send the command again.",
    ),
    Reason.NO_SUCH_ACCOUNT: Words(
        "{user} is said to be {login} on GitHub, but GitHub has no such account.",
        "Ask a platform engineer to correct the login in `people.map`, or send `/ship link`;"
        " then send the command again.",
    ),
    Reason.ACCOUNT_CHANGED: Words(
        "{user} is said to be {login} on GitHub, but that login now belongs to another account"
        " than the one the bot remembers.",
        "Send `/ship link` to connect your account anew, or ask a platform engineer to correct"
        " `people.map` in `shipmate.yaml`.",
    ),
    Reason.OUTSIDER: Words(
        "{user} [has {outsider} here|is no full member here], and such accounts may not act.",
        "Ask a full member of this workspace to send the command.",
    ),
    Reason.NOT_BY_ITSELF: Words(
        "Shipmate does not {action} in {environment} by itself[, so {operation} is not taken"
        " back].",
        "Whoever may roll back there asks for it with `/rollback`; `rollback.auto` of the"
        " environment in `shipmate.yaml` lets it happen by itself.",
    ),
    Reason.NOT_PERMITTED: Words(
        "{user} may not {action}[ {service}] in {environment}.",
        "[Ask a member of {teams} to do it, or ask|Nobody has that right yet: ask]"
        " a platform engineer to give it to your team under `permissions` in `shipmate.yaml`.",
    ),
    Reason.NOT_A_WRITER: Words(
        "{user} is {login} on GitHub and may not push to {repo}.",
        "Ask somebody who may, or an owner of the repository for the right to write to it.",
    ),
    Reason.MEMBERSHIP_PENDING: Words(
        "{user} was invited to the GitHub team {team} and has not accepted yet.",
        "Accept the invitation on GitHub, then send the command again.",
    ),
    Reason.NO_OVERRIDE: Words(
        "{user} may not override the rules for {service} in {environment}.",
        "[Ask a member of {teams}, or send|Nobody has that right yet: send] the command without"
        " `override` and follow what `/ship why` names.",
    ),
    Reason.OVERRIDE_UNEXPLAINED: Words(
        "An override needs a reason that others can read.",
        "Send the command again and end it with `override because <reason>`.",
    ),
    Reason.NOT_ANSWERED: Words(
        "The bot could not learn {question}[ for {service}][: {detail}].",
        "What is unknown is never allowed: send the command again when that can be read,"
        " and see `/ship why` for all the rules.",
    ),
    # policy
    Reason.UNKNOWN_ENVIRONMENT: Words(
        "There is no environment {environment}.",
        "Send the command again with [one of {environments}|an environment of `shipmate.yaml`].",
    ),
    Reason.TAG_DENIED: Words(
        "{tag} of {service} may not run in {environment}: tags such as {pattern} are denied there.",
        "Send the command again with a commit or a release; the list is"
        " `environments.{environment}.tags.deny` in `shipmate.yaml`.",
    ),
    Reason.TAG_NOT_REQUIRED: Words(
        "{tag} of {service} may not run in {environment}[: tags there look like {patterns}].",
        "Send the command again with a version whose tag fits; the list is"
        " `environments.{environment}.tags.require` in `shipmate.yaml`.",
    ),
    Reason.TAG_MOVES: Words(
        "{tag} of {service} is pushed again and again, so nobody can say what would run in"
        " {environment}.",
        "Send the command again with a commit or a release.",
    ),
    Reason.CHECKS_RED: Words(
        "Checks of {sha} failed in {repo}[: {checks}].",
        "Fix them and deploy the new commit; if a check failed by chance, run it again on GitHub"
        " and then send the command again.",
    ),
    Reason.CHECKS_PENDING: Words(
        "Checks of {sha} in {repo} have not ended yet[: {checks}].",
        "Send the command again when they are green.",
    ),
    Reason.CHECKS_MISSING: Words(
        "Required checks were never reported on {sha} in {repo}[: {checks}].",
        "Run them on that commit, or ask a platform engineer to correct"
        " `checks.required` in `shipmate.yaml`.",
    ),
    Reason.NO_CHECKS: Words(
        "No check at all was reported on {sha} in {repo}, and nothing reported is no green.",
        "Wait until its checks have begun, or run them on that commit; then send the command"
        " again.",
    ),
    Reason.IMAGE_MISSING: Words(
        "The registry has no image {image} with the tag {tag} for {service}"
        "[: only {before} was built].",
        "See whether its build has ended and pushed the image; then send the command again.",
    ),
    Reason.NOT_BEFORE: Words(
        "{tag} of {service} does not run in {before}[; {runs} runs there].",
        "Deploy that version to {before} first, then send the command again.",
    ),
    Reason.UNHEALTHY_BEFORE: Words(
        "{tag} of {service} runs in {before}, but is not healthy there[: {state}].",
        "See what is wrong in {before} and deploy a version that is well there.",
    ),
    Reason.NEVER_HERE: Words(
        "{tag} of {service} was never live in {environment}, so there is no way back to it.",
        "Choose a version from `/ship history {service} {environment}`, or deploy this one.",
    ),
    Reason.NOTHING_TO_GO_BACK_TO: Words(
        "Nobody knows a version of {service} that ran well in {environment}[ before {runs}].",
        "Name one from `/ship history {service} {environment}` if you know that it was well:"
        " `/rollback {service} {environment} <tag>`. Or deploy a good version by its name.",
    ),
    Reason.NO_SUCH_ENTRY: Words(
        "{entry} names nothing that {service} had in {environment}[: the list ends at {last}].",
        "Choose from `/ship history {service} {environment}`; `#1` is the newest of it.",
    ),
    Reason.NOT_OF_HERE: Words(
        "{operation} was not about {service} in {environment}[, but about {there}].",
        "Choose from `/ship history {service} {environment}`, or send the command again for what"
        " {operation} was about.",
    ),
    Reason.SOAKING: Words(
        "{tag} of {service} has not been healthy in {before} for long enough[: since {since}].",
        "Send the command again[ at {ready}| later], if it is still healthy then.",
    ),
    Reason.FROZEN: Words(
        "{environment} is frozen[ until {until}][ by {by}][, by the rule {rule}][: {detail}].",
        "[Send the command again after {until}|Wait until `/ship unfreeze {environment}`], or ask"
        " somebody with the right to override, if it cannot wait.",
    ),
    Reason.LOCKED: Words(
        "{by} holds the lock on {service} in {environment}[ until {until}][: {detail}].",
        "Ask {by} to send `/ship unlock {service} {environment}`, or wait until it ends.",
    ),
    Reason.HELD: Words(
        "[{tag} of {service} is held back from {environment}|{service} is held as it is in"
        " {environment}][ since {operation}][ by {by}][: {detail}].",
        "[Deploy a version that is fixed, or send `/ship release {service} {environment} {tag}` if"
        " this one is well after all.|Ask {by} what it waits for; `/ship release {service}"
        " {environment}` lets it go on.]",
    ),
    Reason.OLDER: Words(
        "This goes back {behind} from what runs of {service} in {environment}[, which is {runs}].",
        "If that is meant, send `/rollback {service} {environment}`.",
    ),
    Reason.DIVERGED: Words(
        "This version of {service} lacks {behind} of what runs in {environment}[ ({runs})],"
        " and has {ahead} of its own.",
        "Bring the two branches together and deploy the result; to go back on purpose,"
        " send `/rollback {service} {environment}`.",
    ),
    # approvals
    Reason.NEEDS_OTHER_EYES: Words(
        "{user} asked for this, and may not be the one who approves it.",
        "Ask another approver to look at it.",
    ),
    Reason.WROTE_IT: Words(
        "{user} wrote part of what would be deployed, and may not be the one who approves it.",
        "Ask an approver who did not write any of these commits.",
    ),
    Reason.ALREADY_APPROVED: Words(
        "It is already approved by {user}, and one person counts once.",
        "Nothing to do: the card says how many approvals are still missing.",
    ),
    Reason.NOT_AN_APPROVER: Words(
        "{user} may not decide about this.",
        "[Ask a member of {teams} to look at it|Nobody may approve yet: ask a platform engineer"
        " to name teams under `approvals.from` in `shipmate.yaml`].",
    ),
    Reason.CARD_UNKNOWN: Words(
        "The card of {operation} was posted this moment, and Slack has not confirmed it yet.",
        "Click once more in a few seconds.",
    ),
    Reason.APPROVAL_OVER: Words(
        "{operation} no longer waits for approval[: it is {state}].",
        "See its card; send the command again if it is still wanted.",
    ),
    Reason.REJECTED_BY: Words(
        "{by} rejected it[: {detail}].",
        "Talk it over; send the command again when the reason is gone.",
    ),
    Reason.APPROVAL_EXPIRED: Words(
        "Not enough people approved it[ by {expired}| in time].",
        "Send the command again when an approver is there to look at it.",
    ),
    Reason.APPROVAL_LOST: Words(
        "Somebody who approved it may no longer do so[; approvals missing now: {missing}].",
        "Nothing was committed. Send the command again, and let somebody with the right approve.",
    ),
    Reason.PLAN_MOVED: Words(
        "What was asked for is no longer what would be done[; moved: {moved}].",
        "Nothing was committed. Send the command again: a fresh plan is made and has to be"
        " approved anew.",
    ),
    Reason.SUPERSEDED: Words(
        "[{by} asked for something newer: {operation}|{operation}] takes its place.",
        "Look at {operation} instead.",
    ),
    Reason.TAKEN_BACK: Words(
        "[{by} rolls {service} back: {operation}|{operation} rolls {service} back], so this is"
        " not followed any more.",
        "Look at {operation} instead.",
    ),
    # the GitOps repository
    Reason.REPOSITORY_MISSING: Words(
        "There is no repository {repo}, or the bot may not see it.",
        "Ask a platform engineer to check its name in `shipmate.yaml` and to give the bot's"
        " GitHub App access to it; then send the command again.",
    ),
    Reason.BRANCH_MISSING: Words(
        "{repo} has no branch {branch}.",
        "Ask a platform engineer to correct `gitops.branch` in `shipmate.yaml`, or create"
        " the branch; then send the command again.",
    ),
    Reason.FILE_MISSING: Words(
        "{repo} has no file {file} on branch {branch}.",
        "Ask a platform engineer to correct the service's `at.file` in `shipmate.yaml`,"
        " or add the file; then send the command again.",
    ),
    Reason.UNEDITABLE: Words(
        "The tag in {file}[, line {line}] cannot be changed safely[ at {path}].",
        "Nothing was changed. [{hint}|Change the file by hand, then send the command again.]",
    ),
    Reason.FOREIGN_VALUE: Words(
        "Git says {found} for {service} in {environment}, and Shipmate did not put it there[:"
        " {login} did, in commit {sha}]. The last it put there is {known}.",
        "See whether that was meant. To go back all the same, name the version:"
        " `/rollback {service} {environment} {back}`.",
    ),
    Reason.VALUE_MOVED: Words(
        "{file} changed after the plan was made: it said [{expected}|no tag],"
        " now it says [{found}|no tag].",
        "Nothing was committed. See who changed it; if your version is still wanted,"
        " send the command again.",
    ),
    Reason.BRANCH_PROTECTED: Words(
        "Branch {branch} of {repo} takes no direct commits[: {detail}].",
        "Ask a platform engineer to set `change: pull_request` for the environment in"
        " `shipmate.yaml`, or to let the bot's GitHub App bypass the rule.",
    ),
    Reason.PULL_BLOCKED: Words(
        "GitHub does not merge pull request {pull} yet[: {detail}].",
        "Give it what it lacks on GitHub (a review, a green check); the bot tries again by itself."
        " Or cancel it here.",
    ),
    Reason.PULL_TAKEN: Words(
        "Somebody pushed to the branch of pull request {pull}[: it is at {found} now], so it is no"
        " longer what was planned, and the bot does not merge it.",
        "Merge or close it on GitHub, or cancel it here and send the command again.",
    ),
    Reason.PULL_CONFLICTS: Words(
        "Somebody changed the same lines on {branch}, so pull request {pull} can't be merged.",
        "If your version is still wanted, ask for it again: a fresh plan starts from what stands"
        " there now.",
    ),
    Reason.PULL_CLOSED: Words(
        "[{login} closed pull request {pull}|Pull request {pull} was closed] without merging it.",
        "Send the command again if it is wanted after all.",
    ),
    Reason.BRANCH_BUSY: Words(
        "Others kept committing to {branch} of {repo} first[: {tries} tries in a row lost].",
        "Nothing was committed. Send the command again in a minute.",
    ),
    # Argo CD
    Reason.APP_MISSING: Words(
        "Argo CD[ {instance}] has no application {app}, or the bot may not see it.",
        "Ask a platform engineer to check the service's `argocd.app` in `shipmate.yaml`"
        " and that the bot's Argo CD account may `get` it.",
    ),
    Reason.APP_FORBIDDEN: Words(
        "Argo CD[ {instance}] does not let the bot see application {app}[: {detail}].",
        "Ask a platform engineer to allow the bot's Argo CD account"
        " `applications, get` in that application's project.",
    ),
    Reason.APP_DELETING: Words(
        "Application {app} is being deleted in Argo CD.",
        "Ask its owner whether that is meant; deploy again when it is back.",
    ),
    Reason.SYNC_FAILED: Words(
        "Argo CD could not apply the change to {app}[ ({resource})][: {detail}].",
        "Open {app} in Argo CD, correct what it names in Git, then deploy again;"
        " Argo CD does not retry this commit by itself.",
    ),
    Reason.CANNOT_RENDER: Words(
        "Argo CD cannot build the manifests of {app}[: {detail}].",
        "Correct the files of {app} in Git; nothing is applied until they build.",
    ),
    Reason.DEGRADED: Words(
        "The new version of {app} does not come up[: {resource}][, {detail}].",
        "Look at the logs of its pods; fix it and deploy again, or go back with `/rollback`.",
    ),
    Reason.NOT_LIVE: Words(
        "Argo CD calls {app} synced and healthy, but {image} does not run[; {found} runs].",
        "Open {app} in Argo CD and refresh it hard; if the old image stays, check that the"
        " service's `image`, and `kustomize` where `at` says it, are in `shipmate.yaml` as in the"
        " manifests.",
    ),
    Reason.OVERTAKEN: Words(
        "[A later commit runs {found} of {app} in place of ours: {revision}."
        "|The branch was rewritten and no longer holds our commit; {app} is now at {revision}.]",
        "Find out who made that change; if your version is still wanted, send the command again.",
    ),
    Reason.TOO_LATE: Words(
        "{app} was not there by [{deadline}|its deadline][: {state}][; {detail}].",
        "It may still arrive: `/ship status` shows where it is. If it does not,"
        " look at {app} in Argo CD.",
    ),
    # waits that the card shows
    Reason.QUEUED_BEHIND: Words(
        "Argo CD is still busy with another revision of {app}[: {revision}].",
        "Nothing to do: it goes on when that ends. If it hangs, terminate that sync in Argo CD.",
    ),
    Reason.WINDOW_CLOSED: Words(
        "A sync window keeps {app} from changing now[: {detail}].",
        "Wait until the window opens, or ask its owner to open it; the deploy then goes on.",
    ),
    Reason.RETRYING: Words(
        "Argo CD's sync of {app} failed and is tried again[: {detail}].",
        "Wait for the next try, or correct in Git what it names.",
    ),
    Reason.NOT_OBSERVED: Words(
        "Argo CD has not seen the commit for {app} yet.",
        "Nothing to do: it was asked to look, and looks by itself every few minutes.",
    ),
    Reason.PAUSED: Words(
        "The rollout of {app} is paused[: {resource}][; it goes on by itself {goes_on}].",
        "[Until {goes_on} you may promote or abort it|Check the new version, then promote or abort"
        " it]: with the buttons here, with `/ship rollout`, or in Argo CD.",
    ),
    Reason.NEEDS_SYNC: Words(
        "Auto-sync of {app} is off, and our sync has not gone through yet.",
        "Nothing to do while it is tried again; you may also press Sync in Argo CD.",
    ),
    # Argo Rollouts
    Reason.SEVERAL_APPLICATIONS: Words(
        "These services live in several Argo CD applications[: {apps}].",
        "Send one command for each application; or roll all of them back by Git, without"
        " `by argocd`.",
    ),
    Reason.REVERTED_BY_SET: Words(
        "The ApplicationSet {owner} makes {app} and would switch auto-sync on again at once"
        "[ (that cannot be ruled out: {detail})].",
        "Roll it back by Git, without `by argocd`. For the next time, ask a platform engineer to"
        " let {owner} leave `/spec/syncPolicy` alone (`ignoreApplicationDifferences`), and to let"
        " the bot's Argo CD account `applicationsets, get`.",
    ),
    Reason.ROLLED_BY_SET: Words(
        "The ApplicationSet {owner} syncs {app} itself, step by step (RollingSync).",
        "Roll it back by Git, without `by argocd`.",
    ),
    Reason.REVERTED_BY_PARENT: Words(
        "The application {owner} makes {app} and would switch auto-sync on again within seconds"
        "[ (that cannot be ruled out: {detail})].",
        "Roll it back by Git, without `by argocd`. For the next time, ask a platform engineer to"
        " switch `selfHeal` of {owner} off or let it ignore `/spec/syncPolicy`, and to let the"
        " bot's Argo CD account `applications, get` it.",
    ),
    Reason.HYDRATED: Words(
        "{app} is hydrated (`sourceHydrator`): what Argo CD deployed is not what stands in Git.",
        "Roll it back by Git, without `by argocd`.",
    ),
    Reason.NO_UPDATE_RIGHT: Words(
        "The bot may not change {app} in Argo CD, so it can't switch its auto-sync off.",
        "Roll it back by Git, without `by argocd`; or ask a platform engineer to allow the bot's"
        " Argo CD account `applications, update` in that application's project.",
    ),
    Reason.WINDOW_BARS: Words(
        "A sync window keeps {app} from changing now[: {detail}]; a rollback would hang in it.",
        "Ask its owner to open the window, then send the command again.",
    ),
    Reason.NO_ARGOCD_HISTORY: Words(
        "Argo CD remembers nothing that {app} had before.",
        "Roll it back by Git, without `by argocd`.",
    ),
    Reason.NOT_IN_ARGOCD_HISTORY: Words(
        "Argo CD's history of {app} no longer holds {wanted}[; it holds {known}].",
        "Name a tag that it holds, or roll it back by Git, without `by argocd`.",
    ),
    Reason.OTHERS_MOVE_ALONG: Words(
        "Argo CD rolls back the whole of {app}, and with {wanted} other services would move, too"
        "[: {along}][; of {services} nobody knows the version of then, or of now].",
        "Roll it back by Git, without `by argocd`: that moves nothing else.",
    ),
    Reason.GONE_AROUND: Words(
        "{system} did not answer, and {operation} goes by Argo CD, around Git; this one gave way.",
        "When {system} answers, see with `/ship status` what Git says, and take it back there, too:"
        " the card of {operation} says how.",
    ),
    Reason.HOOKS_SKIPPED: Words(
        "Something runs before each sync of {app} (PreSync): {hooks}. Argo CD leaves it out when it"
        " rolls back by itself.",
        "Roll it back by Git, without `by argocd`: that runs it. Or, if the version before needs"
        " none of it, send the command again with `by argocd without hooks`.",
    ),
    Reason.APP_BUSY: Words(
        "{operation} is changing {app} right now.",
        "Wait until it has ended, or cancel it: `/ship cancel {operation}`; then send the command"
        " again.",
    ),
    Reason.AUTO_SYNC_CAME_ON: Words(
        "Somebody or something switched auto-sync of {app} on again while it was rolled back, so"
        " Argo CD deploys what Git says.",
        "Roll it back by Git, without `by argocd`; look who else writes {app} in Argo CD.",
    ),
    Reason.STUCK_OPERATION: Words(
        "An operation of {app} could not be ended, so there was no rollback[: {detail}].",
        "End it in Argo CD, then send the command again; or roll it back by Git, without"
        " `by argocd`.",
    ),
    Reason.NOT_ROLLED_BACK: Words(
        "Argo CD did not roll {app} back[: {detail}].",
        "Look at {app} in Argo CD, or roll it back by Git, without `by argocd`.",
    ),
    Reason.NOT_BACK_YET: Words(
        "{app} was not back by [{deadline}|its deadline][: it is {state}].",
        "Look at {app} in Argo CD; auto-sync stays off until somebody resumes it.",
    ),
    Reason.AUTO_SYNC_OFF: Words(
        "Auto-sync of {app} is off since {operation} rolled {services} back, and Git still names"
        " what was rolled back: a change of {app} now would bring that out, too.",
        "First roll it back in Git: `/rollback {service} {environment}`; then"
        " `/ship resume {service} {environment}`.",
    ),
    Reason.WOULD_DEPLOY: Words(
        "Git says {in_git} for {service}, and {runs} runs: with auto-sync on, Argo CD would"
        " deploy it again at once.",
        "First roll it back in Git: `/rollback {service} {environment}`; then resume again.",
    ),
    Reason.NOT_SYNCED: Words(
        "{app} differs from Git (Argo CD says {state})[: {objects}]; with auto-sync on, that would"
        " be deployed at once.",
        "Sync {app} in Argo CD after a look at the difference, or correct Git; then resume again.",
    ),
    Reason.NOTHING_OFF: Words(
        "Shipmate has switched no auto-sync off for {service} in {environment}.",
        "There is nothing to resume. `/ship status` shows what is off.",
    ),
    Reason.NO_ROLLOUT: Words(
        "{app} has no Argo Rollout of {service}: new pods take over by themselves.",
        "There is nothing to promote or abort; `/ship status {service} {environment}` shows what"
        " runs.",
    ),
    Reason.ROLLOUT_MOVED: Words(
        "The rollout of {service} in {environment} is no longer as you saw it[: {by} {did} it,"
        " {since}]. It is {state} now; nobody tried to {move} it.",
        "Look again with `/ship rollout {service} {environment}`, and decide by what you see.",
    ),
    Reason.ROLLOUT_UNFIT: Words(
        "The rollout of {service} in {environment} is {state}, so nobody can {move} it[; {by}"
        " {did} it, {since}].",
        "`/ship rollout {service} {environment}` shows what can be done now.",
    ),
    Reason.ROLLOUT_TAKEN: Words(
        "{by} {did} the rollout of {service} in {environment} already, {since}. It was not done a"
        " second time.",
        "`/ship rollout {service} {environment}` shows how it goes on.",
    ),
    Reason.ROLLOUT_ABORTED: Words(
        "{resource} of {app} was aborted[ by {by}]: the version before serves again in"
        " {environment}, and Git still asks for {tag}.",
        "Take it back in Git, too: `/rollback {service} {environment}`. Or try the same version"
        " once more with Retry in `/ship rollout {service} {environment}`.",
    ),
    # the outside
    Reason.UNAVAILABLE: Words(
        "{system} gave no usable answer, so the bot could not {doing}[ ({detail})].",
        "[It is tried again at {again}; nothing to do unless it lasts."
        "|Send the command again when {system} answers.]",
    ),
    Reason.TOKEN_REFUSED: Words(
        "{system} no longer accepts the bot's token, so it could not {doing}[ ({detail})].",
        "Ask a platform engineer to renew the bot's token for {system};"
        " then send the command again.",
    ),
    Reason.NO_RIGHT: Words(
        "{system} does not let the bot {doing}[ ({detail})].",
        "Ask a platform engineer to give the bot that right in {system};"
        " then send the command again.",
    ),
    Reason.REJECTED: Words(
        "{system} refused to {doing}[ ({detail})].",
        "Correct what {system} names, or show this to a platform engineer.",
    ),
    Reason.GARBLED: Words(
        "{system} answered something the bot cannot read when asked to {doing}[ ({detail})].",
        "[It is tried again at {again}; nothing to do unless it lasts."
        "|Send the command again; if it stays so, show this to a platform engineer.]",
    ),
    # ends by people
    Reason.CANCELLED: Words(
        "[{by} cancelled it|It was cancelled] before anything was changed.",
        "Send the command again if it is wanted after all.",
    ),
    Reason.INTERNAL: Words(
        "The bot itself failed[: {detail}].",
        "Tell a platform engineer[ the id {operation}]: the bot's log says more under it.",
    ),
}

EDITS: Mapping[str, Words] = {
    "not_found": Words(
        "In {file} there is no [{path}|such value][; nearest: {candidates}].",
        "Correct the service's `at` in `shipmate.yaml`, or add the value to the file.",
    ),
    "stale": Words(
        "In {file}[, line {line}] the tag[ at {path}] is no longer the one the plan was made from.",
        "Send the command again: it will be planned on the new text.",
    ),
    "ambiguous": Words(
        "In {file} more than one value fits [{path}|the location][: {candidates}].",
        "Make the service's `at` in `shipmate.yaml` name exactly one of them.",
    ),
    "duplicate_key": Words(
        "In {file}[, line {line}] the same key stands twice[ on the way to {path}].",
        "Remove one of the two lines by hand, then send the command again.",
    ),
    "aliased": Words(
        "In {file}[, line {line}] the tag[ at {path}] is shared with other places"
        " through a YAML anchor.",
        "Write the tag out where it is used, or deploy by editing the anchor by hand.",
    ),
    "merged": Words(
        "In {file}[, line {line}] the tag[ at {path}] comes from a merged mapping (`<<`).",
        "Give this service a tag of its own beside the merge, then send the command again.",
    ),
    "templated": Words(
        "In {file}[, line {line}] the tag[ at {path}] is made by a template.",
        "Point the service's `at` in `shipmate.yaml` at the value the template reads.",
    ),
    "unparsable": Words(
        "{file} is not valid YAML[: line {line}].",
        "Correct that line in Git, then send the command again.",
    ),
    "wrong_type": Words(
        "In {file}[, line {line}] [{path}|the location] is not a single value.",
        "Let the service's `at` in `shipmate.yaml` end at the tag itself.",
    ),
    "unsupported_style": Words(
        "In {file}[, line {line}] the tag[ at {path}] is written as a block of text.",
        "Write it on one line behind its key, then send the command again.",
    ),
    "digest_pinned": Words(
        "In {file}[, line {line}] the image[ at {path}] is pinned by a digest,"
        " which wins over any tag.",
        "Remove the digest by hand, then send the command again.",
    ),
    "bad_value": Words(
        "The new tag for {file} is not a valid image tag.",
        "Correct the service's `tag` in `shipmate.yaml`, or name another version.",
    ),
    "verify_failed": Words(
        "The change to {file} would have touched more than the tag[ at {path}].",
        "Change the file by hand this time, and show this message to the makers of Shipmate.",
    ),
}
"""Finer words for ``Reason.UNEDITABLE``, by its fact ``code``."""


def say(problem: Problem) -> Said:
    """Return the words for *problem*, with its facts as spans that nothing reads as markup."""
    words, facts = _words(problem), problem.facts
    return Said(fill(words.what, facts), fill(words.next, facts))


def _words(problem: Problem) -> Words:
    general = WORDS[problem.reason]
    if problem.reason is not Reason.UNEDITABLE:
        return general
    finer = EDITS.get(problem.facts.get("code", ""))
    if finer is None:
        return general
    if problem.facts.get("hint", "").strip():  # the edit looked at the file itself: it knows best
        return Words(finer.what, general.next)
    return Words(finer.what, f"Nothing was changed. {finer.next}")
