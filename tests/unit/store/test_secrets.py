"""Credentials at rest, keys and hashes."""

import stat
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from fairlead.store import hashing, keys, secrets
from fairlead.store.orgs import default_org

OLD, NEW = "old-" + "k" * 32, "new-" + "k" * 32


@pytest.fixture
def org(db):
    return default_org()


def test_a_credential_comes_back_and_stands_nowhere_in_clear(org):
    secrets.put(org, "salesforce", '{"client_secret": "s3cr3t"}')
    assert secrets.get(org, "salesforce") == '{"client_secret": "s3cr3t"}'
    with connection.cursor() as cursor:
        cursor.execute("select encode(value, 'escape') from store_secret")
        assert "s3cr3t" not in cursor.fetchone()[0]


def test_a_credential_is_replaced_and_forgotten(org):
    assert secrets.get(org, "salesforce") is None
    secrets.put(org, "salesforce", "one")
    secrets.put(org, "salesforce", "two")
    assert secrets.get(org, "salesforce") == "two"
    secrets.delete(org, "salesforce")
    assert secrets.get(org, "salesforce") is None


def test_a_new_key_in_front_opens_what_the_old_one_sealed_and_rotation_frees_the_old_one(org, settings):
    settings.FAIRLEAD_SECRET_KEYS = (OLD,)
    secrets.put(org, "salesforce", "one")
    hashed = hashing.keyed_hash("ada@example.com")
    settings.FAIRLEAD_SECRET_KEYS = (NEW, OLD)
    assert secrets.get(org, "salesforce") == "one"
    assert hashing.keyed_hash("ada@example.com") == hashed
    assert secrets.rotate() == 1
    settings.FAIRLEAD_SECRET_KEYS = (NEW,)
    assert secrets.get(org, "salesforce") == "one"


def test_a_credential_whose_key_is_gone_is_named_with_the_next_step(org, settings):
    secrets.put(org, "salesforce", "one")
    settings.FAIRLEAD_SECRET_KEYS = (NEW,)
    with pytest.raises(secrets.CannotOpenSecret, match="'salesforce'") as caught:
        secrets.get(org, "salesforce")
    assert "old key" in caught.value.step


def test_without_a_key_nothing_is_sealed_or_hashed(settings):
    settings.FAIRLEAD_SECRET_KEYS = ()
    with pytest.raises(keys.NoSecretKey):
        secrets.seal("x")
    with pytest.raises(keys.NoSecretKey):
        hashing.keyed_hash("x")


def test_hashes_depend_on_the_key_and_the_text_and_on_nothing_else(settings):
    settings.FAIRLEAD_SECRET_KEYS = (OLD,)
    one = hashing.keyed_hash("ada@example.com")
    assert one == hashing.keyed_hashes(["ada@example.com", "bob@example.com"])[0]
    assert one != hashing.keyed_hash("bob@example.com")
    assert len(one) == 32
    settings.FAIRLEAD_SECRET_KEYS = (NEW,)
    assert hashing.keyed_hash("ada@example.com") != one
    assert len({hashing.address_key(), hashing.content_key()}) == 2


def test_the_key_is_made_once_and_readable_by_its_owner_only(tmp_path):
    home = tmp_path / "home"
    assert keys.read(home) == ()
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(lambda _: keys.ensure(home), range(16)))
    assert len(made) == 1
    assert made == {keys.read(home)}
    assert stat.S_IMODE((home / keys.FILE).stat().st_mode) == 0o600
    assert [path.name for path in home.iterdir()] == [keys.FILE]
