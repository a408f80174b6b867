"""The embedded server: joined, shared, stopped by the last user; and no folder's mode changes."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg
import pytest

from fairlead.store import binaries, postgres

USE = """
import sys, time
from pathlib import Path
from fairlead.store import postgres
import psycopg
url = postgres.ensure_server(Path(sys.argv[1]))
with psycopg.connect(url) as connection:
    started = connection.execute("select pg_postmaster_start_time()::text").fetchone()[0]
print(started, flush=True)
sys.stdin.readline()
"""
AS_ROOT = os.geteuid() == 0


@pytest.fixture
def home():
    """A data folder inside a private folder, both gone afterwards."""
    outer = Path(tempfile.mkdtemp(prefix="fl-home-"))
    yield outer / "private" / "home"
    postgres.destroy(outer / "private" / "home")
    shutil.rmtree(outer)


def user(home, script=USE):
    return subprocess.Popen(
        [sys.executable, "-c", script, str(home)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd="/"
    )


def as_nobody(command):
    nobody = pwd.getpwnam("nobody")
    return subprocess.run(
        command, check=False, user=nobody.pw_uid, group=nobody.pw_gid, extra_groups=[], cwd="/", capture_output=True
    )


def up(home):
    try:
        psycopg.connect(postgres.database_url(home), connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def modes(*folders):
    return {path: oct(path.stat().st_mode) for folder in folders for path in [folder, *folder.parents]}


def test_two_starters_at_once_get_one_server_and_the_last_one_stops_it(home):
    home.parent.mkdir(mode=0o700)
    both = [user(home), user(home)]
    started = [process.stdout.readline() for process in both]
    assert started[0] == started[1] != ""
    both[0].communicate("\n")
    assert up(home)
    both[1].communicate("\n")
    assert not up(home)


def test_a_user_that_is_killed_leaves_too_and_its_server_is_joined_by_the_next(home):
    home.parent.mkdir(mode=0o700)
    first = user(home)
    started = first.stdout.readline()
    first.kill()
    first.wait()
    assert up(home)
    second = user(home)
    assert second.stdout.readline() == started
    second.communicate("\n")
    assert not up(home)


def test_no_folder_that_exists_has_its_mode_changed(home):
    home.parent.mkdir(mode=0o700)
    home.mkdir(mode=0o700)
    wheel = binaries._wheel()
    before = modes(home, wheel / f"pginstall{binaries.MAJOR}" / "bin", Path("/var/lib"))
    url = postgres.ensure_server(home)
    with psycopg.connect(url) as connection:
        assert connection.execute("show data_checksums").fetchone() == ("on",)
    assert modes(home, wheel / f"pginstall{binaries.MAJOR}" / "bin", Path("/var/lib")) == before


def test_the_server_opens_no_port_and_its_folders_are_closed_to_others(home):
    home.parent.mkdir(mode=0o700)
    with psycopg.connect(postgres.ensure_server(home)) as connection:
        assert connection.execute("show listen_addresses").fetchone() == ("",)
    where = postgres.place(home)
    for folder in (where.base, where.data, where.sockets):
        assert folder.stat().st_mode & 0o077 == 0


@pytest.mark.skipif(not AS_ROOT, reason="only root may become another user")
def test_another_user_of_the_machine_cannot_reach_the_server(home):
    home.parent.mkdir(mode=0o755)
    postgres.ensure_server(home)
    where = postgres.place(home)
    psql = str(binaries.programs().folder / "psql")
    ask = [psql, "-h", str(where.sockets), "-U", "fairlead", "-d", "fairlead", "-c", "select 1"]
    assert b"Permission denied" in as_nobody(ask).stderr


@pytest.mark.skipif(not AS_ROOT, reason="only root may become another user")
def test_an_ordinary_user_has_the_server_in_the_data_folder():
    nobody = pwd.getpwnam("nobody")
    outer = Path(tempfile.mkdtemp(prefix="fl-user-"))
    os.chown(outer, nobody.pw_uid, nobody.pw_gid)
    home = outer / "home"
    # The process gives up being root itself: the interpreter may stand where an ordinary user cannot start it.
    lines = f"import encodings.idna, os; os.setgroups([]); os.setgid({nobody.pw_gid}); os.setuid({nobody.pw_uid})\n"
    process = user(home, script=USE.replace("url =", lines + "url ="))
    try:
        assert process.stdout.readline()
        assert (home / "postgres" / "data" / "PG_VERSION").read_text().strip() == str(binaries.MAJOR)
        assert outer.stat().st_mode & 0o777 == 0o700
        process.communicate("\n")
        assert process.returncode == 0
        assert not (home / "postgres" / "data" / "postmaster.pid").exists()
    finally:
        process.kill()
        shutil.rmtree(outer)


@pytest.mark.skipif(not AS_ROOT, reason="as root only the data stand apart from their folder")
def test_a_data_folder_made_anew_does_not_get_the_data_of_the_one_that_was_there(home):
    home.parent.mkdir(mode=0o700)
    with psycopg.connect(postgres.ensure_server(home)) as connection:
        connection.execute("create table left_behind ()")
    postgres.leave(home)
    shutil.rmtree(home)
    with psycopg.connect(postgres.ensure_server(home)) as connection:
        assert connection.execute("select to_regclass('left_behind')").fetchone() == (None,)


def test_data_outlive_the_server(home):
    home.parent.mkdir(mode=0o700)
    with psycopg.connect(postgres.ensure_server(home)) as connection:
        connection.execute("create table kept as select 42 as answer")
    postgres.leave(home)
    assert not up(home)
    with psycopg.connect(postgres.ensure_server(home)) as connection:
        assert connection.execute("select answer from kept").fetchone() == (42,)


def test_data_of_an_older_major_version_are_refused_with_the_way_to_move_them(home):
    home.parent.mkdir(mode=0o700)
    postgres.ensure_server(home)
    postgres.leave(home)
    (postgres.place(home).data / "PG_VERSION").write_text("16\n")
    with pytest.raises(postgres.PostgresFailed, match="made by PostgreSQL 16; this Fairlead brings 18") as caught:
        postgres.ensure_server(home)
    assert "pg_dump" in caught.value.step
    assert "psql" in caught.value.step


def test_a_pid_file_that_names_another_process_does_not_keep_the_server_down(home):
    """After a crash in a container the old pid soon belongs to something else."""
    home.parent.mkdir(mode=0o700)
    postgres.ensure_server(home)
    where = postgres.place(home)
    mark = where.data / "postmaster.pid"
    text = mark.read_text()
    postgres.leave(home)
    mark.write_text(text.replace(text.split()[0], str(os.getpid()), 1))
    assert psycopg.connect(postgres.ensure_server(home)).info.dbname == "fairlead"


def test_a_server_that_was_killed_comes_back_with_all_that_was_committed(home):
    home.parent.mkdir(mode=0o700)
    with psycopg.connect(postgres.ensure_server(home)) as connection:
        connection.execute("create table kept as select 42 as answer")
    os.kill(int((postgres.place(home).data / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
    with psycopg.connect(postgres.ensure_server(home)) as connection:
        assert connection.execute("select answer from kept").fetchone() == (42,)


def test_a_start_that_broke_off_before_the_database_was_made_is_brought_to_its_end(home):
    home.parent.mkdir(mode=0o700)
    postgres.ensure_server(home)
    with psycopg.connect(postgres.place(home).url("postgres"), autocommit=True) as connection:
        connection.execute("drop database fairlead")
    assert psycopg.connect(postgres.ensure_server(home)).info.dbname == "fairlead"


def test_a_statement_that_fails_leaves_no_value_in_the_servers_log(home):
    home.parent.mkdir(mode=0o700)
    with psycopg.connect(postgres.ensure_server(home), autocommit=True) as connection:
        connection.execute("create table unique_address (address text primary key)")
        for _ in range(2):
            try:
                connection.execute("insert into unique_address values ('canary@example.com')")
            except psycopg.errors.UniqueViolation as error:
                assert "canary" in str(error)
    assert "canary" not in postgres.place(home).log.read_text()


def test_a_long_path_gets_a_private_socket_folder_elsewhere(home):
    deep = home / ("d" * 60) / ("e" * 60)
    where = postgres.place(deep)
    assert len(str(where.sockets / ".s.PGSQL.5432")) <= postgres.LONGEST_SOCKET
    assert postgres.place(deep) == where


def test_a_socket_folder_that_others_can_write_to_is_refused(home):
    where = postgres.place(home)
    owner = binaries.programs().owner
    where.home.mkdir(parents=True)
    where.base.mkdir()
    where.sockets.mkdir()
    where.sockets.chmod(0o777)
    with pytest.raises(postgres.PostgresFailed, match="should be a folder that only"):
        postgres._make_socket_folder(where, owner)


def test_programs_that_the_system_user_cannot_reach_are_copied_for_it(tmp_path):
    """The copy keeps the libraries where the programs look for them, and can be read by everybody."""
    copy = binaries._copied(binaries._wheel(), tmp_path / "fairlead")
    initdb = binaries._bin(copy) / "initdb"
    done = subprocess.run([str(initdb), "--version"], capture_output=True, text=True, check=True)
    assert f"PostgreSQL) {binaries.MAJOR}" in done.stdout
    assert all(path.is_symlink() or path.stat().st_mode & 0o044 == 0o044 for path in copy.rglob("*"))
    assert binaries._copied(binaries._wheel(), tmp_path / "fairlead") == copy


def test_an_address_becomes_djangos_settings_with_nothing_lost():
    found = postgres.django_database("postgresql://me:p%40ss@db.example.com:6432/x?sslmode=require&connect_timeout=3")
    assert (found["HOST"], found["PORT"], found["USER"], found["PASSWORD"], found["NAME"]) == (
        "db.example.com",
        "6432",
        "me",
        "p@ss",
        "x",
    )
    assert found["OPTIONS"] == {"sslmode": "require", "connect_timeout": "3"}
