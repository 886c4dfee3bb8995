"""Drift on the systems as their owners keep them: nothing at first, then what does not sync."""

import pytest

from tests.scenarios.drifting import asks, calm, rows, says
from tests.scenarios.story import told_in

SYSTEMS = {
    "astrago": ("astrago", "Deployment", "astrago-core", "batch, core, frontend and monitor"),
    "pingvas": ("user-service-prod", "Deployment", "user-service", "user-service"),
    "pinksea": ("generation-service-prod", "Rollout", "generation-service", "generation-service"),
    "guide": ("my-app", "Deployment", "my-app", ""),
}


@pytest.mark.parametrize("name", SYSTEMS)
def test_what_does_not_sync_is_told_with_why(tmp_path, name):
    app, kind, workload, services = SYSTEMS[name]
    with told_in(tmp_path, name, speed=100.0) as told:
        message = calm(told)
        assert "nothing drifted in" in says(message)
        assert [] == rows(message)

        told.argocd.fail_sync(app, times=99, message="spec.selector: field is immutable")
        live = told.argocd.live(app, kind, workload).manifest
        told.argocd.edit_live(app, {**live, "spec": {**live["spec"], "replicas": 9}})

        def is_told():
            return any("field is immutable" in words for words, _ in rows(asks(told)))

        assert told.world.until(is_told, 60)
        ((words, _),) = rows(asks(told))
        assert "The cluster is not as Git says" in words
        assert f"{kind}/{workload}" in words
        for service in filter(None, services.replace(" and ", ", ").split(", ")):
            assert service in words
