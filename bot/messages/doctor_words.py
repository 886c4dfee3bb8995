"""The words of each symptom: what is so, and what mends it, with facts in braces."""

from collections.abc import Mapping

from bot.domain.symptoms import Symptom

_NEW_TOKEN = "argocd proj role create-token PROJECT shipmate --expires-in 2160h"  # noqa: S105  # words, no secret
_TOKEN_PAGE = "on the app's page OAuth & Permissions"  # noqa: S105  # words, no secret
ROLE = "deploy/argocd/project-role.yaml"
_APP_PAGE = "GitHub → Settings → Developer settings → GitHub Apps → {app} → Permissions & events"

UNADVISED: Mapping[Symptom, str] = {
    Symptom.SETTING_WRONG: "correct {subject}",
    Symptom.CONFIGURATION_WRONG: "correct shipmate.yaml there",
}
"""What mends a mistake that brings no ``advice`` of its own."""

WORDS: Mapping[Symptom, tuple[str, str]] = {
    # well
    Symptom.LOGIN_WORKS: ("we are {who} at {where}", ""),
    Symptom.SCOPES_HELD: ("exactly the {scopes} scopes that are needed", ""),
    Symptom.CHANNEL_REACHED: ("the bot is in the channel", ""),
    Symptom.SOCKET_OPENS: ("Socket Mode opens a connection", ""),
    Symptom.HEARS_BY_HTTP: ("no SLACK_APP_TOKEN, so Slack comes to POST /slack/events", ""),
    Symptom.MANIFEST_AGREES: (
        "its {commands} commands, events and scopes are those of the bot",
        "",
    ),
    Symptom.PERMISSIONS_HELD: ("exactly the {permissions} permissions that are needed", ""),
    Symptom.EVENTS_HEARD: ("{events} events, all heard", ""),
    Symptom.BRANCH_OPEN: ("{branch} takes commits of ours", ""),
    Symptom.BRANCH_BY_PULL: ("{branch} is changed by pull requests, as configured", ""),
    Symptom.TEAM_THERE: ("the team is there", ""),
    Symptom.TAG_FOUND: ("{tag} in {file}", ""),
    Symptom.SOURCE_READ: ("the repository can be read", ""),
    Symptom.VERSION_TOLD: ("Argo CD {version}", ""),
    Symptom.LOGIN_LASTS: ("the token lasts{for_days}", ""),
    Symptom.RIGHTS_HELD: ("no more rights than are used, on {apps} applications", ""),
    Symptom.APPLICATION_FITS: ("reads {targets}; auto-sync {auto}; owned by {owner}", ""),
    Symptom.ROLLBACK_WORKS: ("a rollback by Argo CD would work", ""),
    Symptom.ROLLBACK_BARRED: ("no rollback by Argo CD: {why}; the one by Git works", ""),
    Symptom.IMAGE_FOUND: ("{tags}", ""),
    Symptom.DATABASE_READY: ("reached, and of this version ({now})", ""),
    Symptom.DATABASE_BEHIND: ("of {now}; the next start brings it to {newest}", ""),
    Symptom.DATABASE_EMPTY: ("empty; the first start fills {where}", ""),
    Symptom.CLOCK_RIGHT: ("ours agrees with those of {systems}", ""),
    # wider than needed, or odd
    Symptom.SCOPE_UNUSED: (
        "the token has the scope {scope}, which nothing uses",
        "take {scope} away " + _TOKEN_PAGE + ", and install the app again",
    ),
    Symptom.LOGIN_WIDE: (
        "the token has the scope {scope}, which nothing uses",
        "make a token with repo and read:org alone, or use a GitHub App",
    ),
    Symptom.LOGIN_ADMINISTERS: (
        "the token's owner administers the repository: the token may undo its protection",
        "use a GitHub App, or the token of an account with the role Write",
    ),
    Symptom.PERMISSION_UNUSED: (
        "the App has {subject}: {level}, and needs {needs}",
        "set {subject} to {needs} at " + _APP_PAGE,
    ),
    Symptom.EVENT_UNHEARD: (
        "the App hears of {subject}, which means nothing to the bot",
        "take {subject} away at " + _APP_PAGE,
    ),
    Symptom.REPOSITORY_RENAMED: (
        "it is called {name} now; writes to the old name are lost",
        "write {name} in shipmate.yaml",
    ),
    Symptom.NO_TAG: (
        "{file} has the place, and no tag in it: whatever is latest runs",
        "deploy once, or write the tag that runs into {file}",
    ),
    Symptom.ENTRY_MISSING: (
        "images of {file} has no entry {name}: a deploy adds it, and nothing may come of it",
        "if one of these is meant ({names}), write it under `kustomize`; else add the entry",
    ),
    Symptom.LEFT_BEHIND: (
        "{tag} in {file}, and {places} has the image {image}, too, and keeps its own tag",
        "write `containers: {image}` in place of `key: …` in `at`, so that all move with one tag",
    ),
    Symptom.PERSONAL_TOKEN_ENDS: (
        "the token ends in {ends} days",
        (
            "make a new one at GitHub → Settings → Developer settings, and put it into {variable}; "
            "the key of a GitHub App does not end"
        ),
    ),
    Symptom.LOGIN_ENDS_SOON: (
        "the token ends in {ends} days",
        _NEW_TOKEN + ", and put it into {variable}",
    ),
    Symptom.MAY_DELETE: (
        "the token may delete {apps}, and their workloads with them",
        "take `delete` out of the role: " + ROLE + " has the least that is needed",
    ),
    Symptom.UPDATE_UNUSED: (
        "the token may change the whole spec of {apps}, and no rollback by Argo CD lasts there",
        "take `update` out of the role: " + ROLE + " has the least that is needed",
    ),
    Symptom.FILE_OUTSIDE: (
        "reads {path} of {url}, and the tag of {target} stands outside, in {file}",
        "if {path} takes {file} in, all is well; else correct `at` or the application's path",
    ),
    Symptom.NOTHING_RUNS: (
        "nothing runs of it yet, so nothing could be asked for",
        "run `shipmate check` again after the first deploy",
    ),
    Symptom.CONFIGURATION_ODD: ("{detail}", "see what shipmate.yaml says there"),
    # wrong
    Symptom.SETTING_WRONG: ("{detail}", "{advice}"),
    Symptom.CONFIGURATION_WRONG: ("{detail}", "{advice}"),
    Symptom.LOGIN_REFUSED: ("our login is refused: {detail}", "put a fresh one into {variable}"),
    Symptom.SCOPE_MISSING: (
        "the token lacks the scope {scope}",
        "add {scope} where the token was made, make it anew, and put it into {variable}",
    ),
    Symptom.CHANNEL_MISSING: (
        "there is no such channel, or a private one without the bot",
        "correct the id, or write /invite @shipmate in the channel",
    ),
    Symptom.NOT_IN_CHANNEL: (
        "the bot is not in the channel",
        "write /invite @shipmate in the channel",
    ),
    Symptom.SOCKET_REFUSED: (
        "Socket Mode opens no connection: {detail}",
        "make an App-Level Token with connections:write, and put it into SLACK_APP_TOKEN",
    ),
    Symptom.COMMAND_MISSING: (
        "{file} does not tell Slack of {subject}, which the bot answers",
        "add {subject} to features.slash_commands of {file}, and paste it on the app's page",
    ),
    Symptom.COMMAND_UNHEARD: (
        "{file} tells Slack of {subject}, which the bot does not answer",
        "take {subject} out of features.slash_commands of {file}",
    ),
    Symptom.SUBSCRIPTION_MISSING: (
        "{file} does not subscribe to {subject}, which the bot listens to",
        "add {subject} to settings.event_subscriptions.bot_events of {file}",
    ),
    Symptom.SCOPE_UNDECLARED: (
        "{file} does not ask for the scope {subject}",
        "add {subject} to oauth_config.scopes.bot of {file}",
    ),
    Symptom.MANIFEST_UNREADABLE: (
        "{file} is no manifest of a Slack app",
        "name the app's own: shipmate check --manifest PATH",
    ),
    Symptom.APP_SUSPENDED: (
        "the installation of {app} in {where} is suspended",
        "an owner of {where} ends that under Settings → GitHub Apps → {app} → Configure",
    ),
    Symptom.PERMISSION_MISSING: (
        "the App lacks {subject}: {level}; it gets no token without it",
        "set {subject} to {level} at " + _APP_PAGE + ", then accept it in {where}",
    ),
    Symptom.PERMISSION_NOT_ACCEPTED: (
        "{where} has not accepted that the App wants {subject}: {level}",
        "an owner of {where} accepts it under Settings → GitHub Apps → {app} → Review request",
    ),
    Symptom.EVENT_MISSING: (
        "GITHUB_WEBHOOK_SECRET is set, and the App does not hear of {subject}",
        "subscribe to {subject} at " + _APP_PAGE,
    ),
    Symptom.REPOSITORY_HIDDEN: (
        "there is no such repository, or our login may not {use} it",
        "correct the name, or let the App or the token see the repository",
    ),
    Symptom.REPOSITORY_ARCHIVED: (
        "the repository is archived: nothing can be written",
        "name the repository that took its place, or unarchive it",
    ),
    Symptom.READ_ONLY: (
        "the token may read the repository and not write it",
        "give the token Contents: read and write, and its account the role Write",
    ),
    Symptom.BRANCH_MISSING: (
        "the repository has no branch {branch}",
        "correct gitops.branch, or make the branch",
    ),
    Symptom.BRANCH_WANTS_PULL: (
        "a ruleset lets {branch} change by pull requests alone, and {environments} commits",
        "set change: pull_request for {environments}, or add the App to the ruleset's bypass list",
    ),
    Symptom.BRANCH_CLOSED: (
        "{branch} takes no commits of ours ({rules}), and {environments} commits",
        "add the App to their bypass list, or set change: pull_request for {environments}",
    ),
    Symptom.TEAM_MISSING: (
        "{organization} has no such team that our login may see, so it lets nobody in",
        "correct the slug (it ends the team's address on GitHub), or let our login see the team",
    ),
    Symptom.TEAMS_UNREADABLE: (
        "our login may read no team, so nobody is let in",
        "grant the organization right Members: read",
    ),
    Symptom.FILE_MISSING: (
        "{repo} has no {file} on {branch}",
        "correct `at.file`, or push the file",
    ),
    Symptom.PLACE_MISSING: ("{detail}", "correct `at`, or the file on {branch} of {repo}"),
    Symptom.IMAGE_TWICE: (
        "{image} stands several times in {file}: {places}",
        (
            "write `containers: {image}` in place of `container: …` in `at`, so that all move with "
            "one tag; or choose one with `key`"
        ),
    ),
    Symptom.CLOCK_OFF: (
        "our clock is {seconds} s {way} {system}'s",
        (
            "set the time of this machine (timedatectl set-ntp true): logins and signatures fail "
            "when clocks are a minute apart"
        ),
    ),
    Symptom.LOGIN_ENDED: (
        "the token has ended",
        _NEW_TOKEN + ", and put it into {variable}",
    ),
    Symptom.APPLICATION_MISSING: (
        "there is no such application, or the token may not see it",
        "correct argocd.app, or grant `applications, get` ({role})",
    ),
    Symptom.APPLICATION_FORBIDDEN: (
        "the token may not see the application, or there is none",
        "correct argocd.app, or grant `applications, get` ({role})",
    ),
    Symptom.APPLICATION_GOES: (
        "the application is being deleted",
        "wait for its end, or name the one that takes its place",
    ),
    Symptom.OTHER_REPOSITORY: (
        "it reads {url}, and the tag of {target} stands in {repo}",
        "correct gitops.repo or argocd.app, so that the application reads what is written",
    ),
    Symptom.OTHER_BRANCH: (
        "it follows {revision}, and the tag of {target} stands on {branch}",
        "correct gitops.branch, or the application's targetRevision",
    ),
    Symptom.MAY_NOT_SYNC: (
        "auto-sync is off and the token has no `sync`: a commit would never run",
        "grant `applications, sync, {project}/*` ({role}), or switch auto-sync on",
    ),
    Symptom.IMAGE_HIDDEN: (
        "{detail}",
        "put a login that may pull into {variable}; for ECR grant ecr:BatchGetImage",
    ),
    Symptom.IMAGE_GONE: (
        "{target} runs {tag}, which the registry does not have: no new pod could pull it",
        "push it again, deploy one that is there, or correct `image`",
    ),
    Symptom.DATABASE_REFUSED: ("{detail}", "correct {variable}, or make that place writable"),
    Symptom.DATABASE_AHEAD: (
        "it is of a newer version ({now}) than this Shipmate ({newest})",
        "start the newer Shipmate, or name another database in {variable}",
    ),
    Symptom.REFUSED: ("could not {doing}: {detail}", "see what it says; nothing was changed"),
    # nobody knows
    Symptom.NO_ANSWER: (
        "nobody knows: could not {doing}: {detail}",
        "see whether {where} can be reached from here, and run `shipmate check` again",
    ),
    Symptom.PROTECTION_UNSAID: (
        "{branch} asks for reviews; GitHub tells only its administrators whether we are let past",
        "let the App past under Settings → Branches, or set change: pull_request",
    ),
    Symptom.NO_TAG_KNOWN: (
        "no tag of it is known, so nothing could be asked for",
        "mend GitHub and Argo CD first, and run `shipmate check` again",
    ),
}
