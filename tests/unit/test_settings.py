"""Deployment settings: read once, said clearly."""

from pathlib import Path

import pytest

from fairlead import settings

KEY = "k" * settings.KEY_LENGTH


def test_nothing_set_gives_working_defaults():
    found = settings.load({})
    assert (found.port, found.slots, found.database_url, found.secret_keys, found.https) == (8800, 5, "", (), False)
    assert found.home.is_absolute()


def test_every_variable_is_read():
    found = settings.load(
        {
            "FAIRLEAD_HOME": "/srv/fairlead",
            "FAIRLEAD_DATABASE_URL": "postgresql://u@h/d",
            "FAIRLEAD_SECRET_KEY": f"{KEY}1, {KEY}2",
            "FAIRLEAD_PORT": "0",
            "FAIRLEAD_PUBLIC_URL": "https://sync.example.com/",
            "FAIRLEAD_CAMPAIGN_MONITOR_URL": "http://127.0.0.1:8810",
            "FAIRLEAD_ALLOWED_HOSTS": "a.example.com, b.example.com",
            "FAIRLEAD_STALE_SECONDS": "12.5",
        }
    )
    assert (found.home, found.database_url, found.secret_keys) == (
        Path("/srv/fairlead"),
        "postgresql://u@h/d",
        (f"{KEY}1", f"{KEY}2"),
    )
    assert (found.port, found.public_url, found.https, found.stale_seconds) == (
        0,
        "https://sync.example.com",
        True,
        12.5,
    )
    assert found.allowed_hosts == ("a.example.com", "b.example.com")


@pytest.mark.parametrize("description", settings.describe(), ids=lambda d: d.variable)
def test_every_setting_is_described_and_has_a_twin_that_names_a_file(description, tmp_path):
    samples = {"FAIRLEAD_HOME": "/srv", "FAIRLEAD_DATABASE_URL": "postgresql://h/d", "FAIRLEAD_SECRET_KEY": KEY}
    samples["FAIRLEAD_ALLOWED_HOSTS"] = "sync.example.com"
    samples |= {"FAIRLEAD_CM_CLIENT_ID": "100", "FAIRLEAD_CM_CLIENT_SECRET": "a secret"}
    samples |= {"FAIRLEAD_METRICS_TOKEN": "a-token-of-16-or-more"}
    samples |= {"FAIRLEAD_STRIPE_SECRET_KEY": "sk_test_1", "FAIRLEAD_STRIPE_WEBHOOK_SECRET": "whsec_1"}
    samples["FAIRLEAD_STRIPE_PLANS"] = "2500=price_1,more=price_2"
    value = samples.get(description.variable, description.default)
    (tmp_path / "value").write_text(value + "\n")
    plain = settings.load({description.variable: value})
    assert settings.load({f"{description.variable}_FILE": str(tmp_path / "value")}) == plain
    assert description.help.endswith((".", ";"))


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("FAIRLEAD_PORT", "eighty"),
        ("FAIRLEAD_PORT", "65536"),
        ("FAIRLEAD_PORT", "-1"),
        ("FAIRLEAD_SLOTS", "0"),
        ("FAIRLEAD_HOME", "relative/folder"),
        ("FAIRLEAD_PUBLIC_URL", "sync.example.com"),
        ("FAIRLEAD_SALESFORCE_LOGIN_URL", "ftp://example.com"),
        ("FAIRLEAD_HEARTBEAT_SECONDS", "nan"),
        ("FAIRLEAD_LOG_FORMAT", "xml"),
    ],
)
def test_a_bad_value_is_refused_with_the_variable_the_value_and_what_to_set(variable, value):
    with pytest.raises(settings.BadSetting) as caught:
        settings.load({variable: value})
    assert variable in caught.value.text
    assert repr(value) in caught.value.text
    assert caught.value.step.startswith(f"Set {variable} to ")


@pytest.mark.parametrize(
    ("variable", "value"), [("FAIRLEAD_SECRET_KEY", "hunter2"), ("FAIRLEAD_DATABASE_URL", "mysql://me:hunter2@h/d")]
)
def test_a_bad_value_that_may_be_a_credential_is_not_repeated(variable, value):
    with pytest.raises(settings.BadSetting, match=variable) as caught:
        settings.load({variable: value})
    assert "hunter2" not in str(caught.value)


def test_a_file_that_cannot_be_read_or_is_empty_is_named(tmp_path):
    with pytest.raises(settings.BadSetting, match="FAIRLEAD_SECRET_KEY_FILE.*missing.*FileNotFoundError"):
        settings.load({"FAIRLEAD_SECRET_KEY_FILE": str(tmp_path / "missing")})
    (tmp_path / "empty").touch()
    with pytest.raises(settings.BadSetting, match="is empty"):
        settings.load({"FAIRLEAD_SECRET_KEY_FILE": str(tmp_path / "empty")})


def test_a_variable_beside_its_twin_is_refused(tmp_path):
    with pytest.raises(settings.BadSetting, match="FAIRLEAD_PORT_FILE is set beside FAIRLEAD_PORT"):
        settings.load({"FAIRLEAD_PORT": "1", "FAIRLEAD_PORT_FILE": str(tmp_path)})


def test_a_worker_may_not_count_as_dead_between_two_signs_of_life():
    with pytest.raises(settings.BadSetting, match="FAIRLEAD_STALE_SECONDS"):
        settings.load({"FAIRLEAD_HEARTBEAT_SECONDS": "10", "FAIRLEAD_STALE_SECONDS": "15"})


@pytest.mark.parametrize("token", ["short", "with a space in its midst", "with-ümlauts-in-its-midst"])
def test_a_token_that_is_not_safe_is_refused_and_not_repeated(token):
    """Prometheus must be able to send it, and nobody to guess it."""
    with pytest.raises(settings.BadSetting) as refused:
        settings.load({"FAIRLEAD_METRICS_TOKEN": token})
    assert token not in str(refused.value)
