"""What ships besides the program: the wheel's files, the unit, the image, the guide, backup and restore."""

from __future__ import annotations

import configparser
import fnmatch
import io
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
import tarfile
import threading
import zipfile
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from live_service import running
from own_postgres import Server
from packaging.requirements import Requirement
from service_doors import Client

from checker.commands import kaohe
from checker.errors import UsageError
from checker.service import backup
from checker.service.app import create_app
from checker.service.configuration import configured
from checker.service.database import Database
from checker.service.models import AuditEntry, Screening
from checker.service.settings import ServiceSettings
from tools import wheelhouse

ROOT = Path(__file__).parent.parent
UNIT = ROOT / "deploy" / "kaohe.service"
GUIDE = (ROOT / "docs" / "deploy.md").read_text("utf-8")
CONTAINERFILE = (ROOT / "Containerfile").read_text("utf-8")
IDENT = "0123456789abcdef"


# ---- the wheel ------------------------------------------------------------------------------------------------


def test_every_page_and_script_of_the_service_is_in_the_wheel() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", "utf-8")
    patterns = [it.strip() for it in setup["options.package_data"]["checker.service"].split(",")]
    folder = ROOT / "checker" / "service"
    files = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    left = [
        it for it in files if not it.endswith((".py", ".pyc")) and not any(fnmatch.fnmatch(it, p) for p in patterns)
    ]
    assert files and left == []


def wheel(folder: Path, name: str, *needs: str, tag: str = "py3-none-any", version: str = "1.0") -> None:
    """A wheel without content that asks for `needs`."""
    with zipfile.ZipFile(folder / f"{name}-{version}-{tag}.whl", "w") as archive:
        lines = [f"Name: {name}", f"Version: {version}", *(f"Requires-Dist: {need}" for need in needs)]
        archive.writestr(f"{name}-{version}.dist-info/METADATA", "\n".join(lines))


def resolved(folder: Path, system: str) -> wheelhouse.Collected:
    """What the folder holds for a system."""
    house = wheelhouse.Wheelhouse(folder, (3, 11), ("service",))
    return house._resolved(wheelhouse.SYSTEMS[system], Requirement("kaohe-checker[service]"))


def test_conditions_are_worked_out_for_the_system_that_wheels_are_meant_for(tmp_path: Path) -> None:
    wheel(tmp_path, "kaohe_checker", "a", 'b; extra == "service"', 'c; extra == "other"')
    wheel(tmp_path, "a", 'colorama; sys_platform == "win32"', 'd; platform_machine == "aarch64"')
    wheel(tmp_path, "b")
    assert resolved(tmp_path, "linux-x86_64").missing == {}
    assert set(resolved(tmp_path, "linux-x86_64").wheels) == {"kaohe-checker", "a", "b"}
    assert resolved(tmp_path, "windows-amd64").missing == {"colorama": "a"}
    assert resolved(tmp_path, "linux-aarch64").missing == {"d": "a"}


def test_a_wheel_for_another_system_or_a_newer_glibc_does_not_count(tmp_path: Path) -> None:
    wheel(tmp_path, "kaohe_checker", "a>=1", "b")
    wheel(tmp_path, "a", tag="cp311-cp311-win_amd64")
    wheel(tmp_path, "b", tag="cp311-cp311-manylinux_2_34_x86_64")
    assert set(resolved(tmp_path, "linux-x86_64").missing) == {"a>=1", "b"}
    wheel(tmp_path, "b", tag="cp39-abi3-manylinux_2_28_x86_64")
    assert set(resolved(tmp_path, "linux-x86_64").missing) == {"a>=1"}


# ---- the unit and the image -----------------------------------------------------------------------------------


def test_the_unit_is_one_that_systemd_takes(tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("no systemd-analyze")
    text = UNIT.read_text("utf-8").replace("/opt/kaohe/bin/kaohe", sys.executable)
    (tmp_path / UNIT.name).write_text(text, "utf-8")
    done = subprocess.run([program, "verify", "--man=no", str(tmp_path / UNIT.name)], capture_output=True, text=True)
    assert (done.returncode, [line for line in done.stderr.splitlines() if "kaohe" in line]) == (0, [])


def test_the_unit_gives_away_nothing() -> None:
    text = UNIT.read_text("utf-8")
    for line in (
        "User=kaohe", "NoNewPrivileges=yes", "ProtectSystem=strict", "ProtectHome=yes", "PrivateTmp=yes", "UMask=0077",
        "CapabilityBoundingSet=", "StateDirectoryMode=0700",
    ):  # fmt: skip
        assert line in text.splitlines()
    assert re.search(r"^MemoryMax=\d+G$", text, re.MULTILINE)


def test_the_image_has_no_rights_and_fetches_nothing() -> None:
    last = CONTAINERFILE.split("\nFROM ")[-1]
    assert re.search(r"^USER 10001:10001$", last, re.MULTILINE)
    assert re.search(r"^VOLUME /data$", last, re.MULTILINE) and "HEALTHCHECK" in last
    assert last.index("USER ") < last.index("ENTRYPOINT")
    installs = [line for line in CONTAINERFILE.split("&&") if "pip install" in line]
    assert installs and all("--no-index" in line and "--require-hashes" in line for line in installs)
    assert not re.search(r"curl|wget|apt-get|https?://(?!127\.0\.0\.1)", re.sub(r"(?m)^#.*$", "", CONTAINERFILE))


def test_the_health_check_is_answered_whatever_name_the_service_goes_by(tmp_path: Path) -> None:
    app = create_app(ServiceSettings(tmp_path, host="0.0.0.0", hosts=("kaohe.example.gov.cn",)))
    client = Client(app, "http://127.0.0.1:8910", ("127.0.0.1", 4000))
    assert client.get("/healthz").status_code == 200
    assert client.get("/api/v1/notices").status_code == 421


# ---- the guide ------------------------------------------------------------------------------------------------


def commands() -> list[str]:
    """Each kaohe command in the guide, without what stands around it."""
    shell = "\n".join(re.findall(r"```(?:sh|powershell)\n(.*?)```", GUIDE, re.DOTALL)).replace("\\\n", " ")
    found = re.findall(r"(?:bin/kaohe|Scripts\\kaohe|\$K|\bkaohe:?\S* (?=token)) +([a-z-][^#\n]*)", shell)
    return [line.strip() for line in found]


def test_the_guide_names_commands_and_options_that_there_are() -> None:
    names = set()
    for line in commands():
        words = line.split()
        if words[0].startswith("-"):
            continue
        command = kaohe.commands[words[0]]
        names.add(words[0])
        if words[0] == "token":
            command = command.commands[words[1]]  # type: ignore[attr-defined]
        known = {option for parameter in command.params for option in parameter.opts}
        used = {word for word in words if word.startswith("--")}
        assert used <= known, line
    assert names >= {"serve", "token", "backup", "restore"}


def test_the_settings_in_the_guide_are_taken(tmp_path: Path) -> None:
    blocks = re.findall(r"<<'TOML'\n(.*?)\nTOML", GUIDE, re.DOTALL) + re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL)
    assert len(blocks) == 2
    for number, block in enumerate(blocks):
        path = tmp_path / f"{number}.toml"
        path.write_text(block.replace("# hooks", "hooks"), "utf-8")
        configured(str(path), {})


def test_files_and_figures_that_the_guide_names_are_there() -> None:
    source = (ROOT / "checker" / "service" / "metrics.py").read_text("utf-8")
    for name in set(re.findall(r"`(kaohe_[a-z_]+)", GUIDE)):
        assert name.removesuffix("_total") in source, name
    for name in re.findall(r"requirements-([a-z0-9_-]+)\.txt", GUIDE):
        assert name in wheelhouse.SYSTEMS
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for target in set(re.findall(r"make ([a-z-]+)", GUIDE)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


# ---- backup and restore -----------------------------------------------------------------------------------------


def fill(settings: ServiceSettings) -> None:
    """A screening with its folder, and something in the audit log."""
    database = Database(settings.database_url)
    database.migrate()
    with database.session() as session:
        session.add(Screening(id=IDENT, name="第一批", state="done", by="甲"))
        session.add(AuditEntry(who="甲", action="screen", what="第一批"))
    database.close()
    papers = settings.data / "screenings" / IDENT / "papers"
    papers.mkdir(parents=True)
    (papers / "禾渡县 工作总结.docx").write_bytes(b"paper" * 1000)
    (settings.data / "tmp").mkdir(exist_ok=True)
    (settings.data / "tmp" / "upload-1").write_bytes(b"not to be kept")


def holds(settings: ServiceSettings) -> None:
    """Whether all of it is there."""
    database = Database(settings.database_url)
    database.migrate()
    with database.session() as session:
        assert session.scalars(sa.select(Screening.name)).all() == ["第一批"]
        assert session.scalars(sa.select(AuditEntry.who)).all() == ["甲"]
    database.close()
    paper = settings.data / "screenings" / IDENT / "papers" / "禾渡县 工作总结.docx"
    assert paper.read_bytes() == b"paper" * 1000


def test_what_a_running_service_keeps_comes_back_whole(tmp_path: Path) -> None:
    target = tmp_path / "备份.tar"
    with running(tmp_path / "data") as live:
        fill(ServiceSettings(live.data))
        told = CliRunner().invoke(kaohe, ["backup", str(target), "--data", str(live.data)])
        assert told.exit_code == 0 and "1 次批量审查" in told.output
    with tarfile.open(target) as archive:
        assert not [name for name in archive.getnames() if name.startswith(("tmp", "handouts", "serve.lock"))]
    told = CliRunner().invoke(kaohe, ["restore", str(target), "--data", str(tmp_path / "new")])
    assert told.exit_code == 0 and "1 次批量审查" in told.output
    holds(ServiceSettings(tmp_path / "new"))
    client = Client(create_app(ServiceSettings(tmp_path / "new")), "http://127.0.0.1:8910", ("127.0.0.1", 4000))
    assert client.get(f"/api/v1/screenings/{IDENT}").json()["name"] == "第一批"


def test_a_copy_made_while_others_write_is_sound(tmp_path: Path) -> None:
    settings = ServiceSettings(tmp_path / "data")
    settings.data.mkdir()
    fill(settings)
    over = threading.Event()

    def write() -> None:
        database = Database(settings.database_url)
        while not over.is_set():
            with database.session() as session:
                session.add_all([AuditEntry(who="乙", action="check"), AuditEntry(who="丙", action="check")])
        database.close()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(5):
            backup.save(settings, tmp_path / f"{number}.tar")
    finally:
        over.set()
        writer.join()
    for number in range(5):
        restored = ServiceSettings(tmp_path / f"restored-{number}")
        backup.load(restored, tmp_path / f"{number}.tar")
        with sqlite3.connect(restored.data / "kaohe.db") as connection:
            counts = dict(connection.execute("SELECT who, count(*) FROM audit GROUP BY who").fetchall())
        connection.close()
        assert counts.get("乙") == counts.get("丙") and counts["甲"] == 1


def test_postgresql_comes_back_with_its_folders(tmp_path: Path, postgres: Server) -> None:
    if shutil.which("pg_dump") is None:
        pytest.skip("no pg_dump")
    settings = ServiceSettings(tmp_path / "data", database=postgres.new_database())
    settings.data.mkdir()
    fill(settings)
    backup.save(settings, tmp_path / "备份.tar")
    restored = ServiceSettings(tmp_path / "new", database=postgres.new_database())
    backup.load(restored, tmp_path / "备份.tar")
    holds(restored)
    assert not (restored.data / backup.DUMP).exists()


def test_nobody_else_can_read_a_backup_and_what_it_brings_back(tmp_path: Path) -> None:
    settings = ServiceSettings(tmp_path / "data")
    settings.data.mkdir()
    fill(settings)
    saved = backup.save(settings, tmp_path / "b.tar")
    backup.load(ServiceSettings(tmp_path / "new"), saved.path)
    for path in (saved.path, tmp_path / "new", tmp_path / "new" / "kaohe.db"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_nothing_is_written_over(tmp_path: Path) -> None:
    settings = ServiceSettings(tmp_path / "data")
    settings.data.mkdir()
    fill(settings)
    saved = backup.save(settings, tmp_path / "b.tar")
    before = saved.path.read_bytes()
    with pytest.raises(UsageError, match="没有覆盖"):
        backup.save(settings, saved.path)
    assert saved.path.read_bytes() == before
    with pytest.raises(UsageError, match="没有恢复"):
        backup.load(settings, saved.path)
    holds(settings)


def test_what_is_no_backup_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other.tar"
    with tarfile.open(other, "w") as archive:
        archive.addfile(tarfile.TarInfo("x"), io.BytesIO())
    (tmp_path / "text.tar").write_text("no archive")
    for number, path in enumerate((other, tmp_path / "text.tar")):
        with pytest.raises(UsageError):
            backup.load(ServiceSettings(tmp_path / f"new-{number}"), path)


def test_a_backup_that_leads_outside_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "evil.tar"
    with tarfile.open(path, "w") as archive:
        archive.addfile(tarfile.TarInfo(backup.SQLITE), io.BytesIO())
        archive.addfile(tarfile.TarInfo("../outside"), io.BytesIO())
    with pytest.raises(UsageError):
        backup.load(ServiceSettings(tmp_path / "new"), path)
    assert not (tmp_path / "outside").exists()
