"""The form over Socket Mode. A file of its own: one process runs one world with one bot."""

from tests.scenarios.story import told_in
from tests.scenarios.test_form import ALICE, SERVICES, answered, choose, opened, sees, submit


def test_the_same_over_socket_mode(tmp_path):
    with told_in(tmp_path, "flash_tickets", socket_mode=True, speed=60) as told:
        opened(told)
        assert ["web (dev, staging, prod)"] == told.slack.suggest(SERVICES, "we", by=ALICE)
        choose(told, form_services="web", form_environment="dev", form_written="v1.3.0")
        sees(told, lambda text: "To deploy web to dev at v1.3.0: it may start now." in text)
        number = len(told.slack.ephemerals(ALICE))
        assert None is submit(told)
        assert "Received as" in answered(told, number).text
