"""The set-up's own logic: reading apt's sources, refusing what is not the file we want, saying what to type."""

import hashlib
import io
import os
import re
import subprocess
import tarfile

import pytest
from tools import setup_source, setup_system

from checkout import ROOT

DEB822 = """\
# the distribution
Types: deb
URIs: http://one.example/debian
Suites: stable stable-updates
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 URIs: http://not.example/

Types: deb deb-src
URIs: http://two.example/debian/
  http://three.example/debian
Suites: stable
Components: main

Enabled: no
Types: deb
URIs: http://off.example/debian
"""

LINES = """\
# deb http://off.example/debian stable main
deb [arch=amd64 signed-by=/usr/share/keyrings/a.gpg] http://one.example/debian stable main # as it was
deb-src\thttp://two.example/debian/ stable main

debug http://not.example/
"""


def test_addresses_of_deb822():
    expected = ["http://one.example/debian", "http://two.example/debian/", "http://three.example/debian"]
    assert setup_source.addresses_of_deb822(DEB822) == expected


def test_addresses_of_lines():
    expected = ["http://one.example/debian", "http://two.example/debian/"]
    assert setup_source.addresses_of_lines(LINES) == expected


def test_every_address_is_named_once(tmp_path):
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list").write_text(LINES)
    (tmp_path / "sources.list.d" / "debian.sources").write_text(DEB822)
    (tmp_path / "sources.list.d" / "other.sources.off").write_text(DEB822.replace("one", "four"))
    expected = ["http://one.example/debian", "http://two.example/debian", "http://three.example/debian"]
    assert setup_source.addresses(str(tmp_path)) == expected


def test_another_file_is_refused_and_removed(tmp_path, capsys):
    path = tmp_path / "file"
    path.write_bytes(b"abc")
    assert setup_source.is_right(str(path), hashlib.sha256(b"abc").hexdigest())
    assert not setup_source.is_right(str(path))
    assert not path.exists()
    assert "not the file we want" in capsys.readouterr().out
    assert not setup_source.is_right(str(path))


def archive(path):
    with tarfile.open(path, "w:xz") as file:
        member = tarfile.TarInfo("micropython-0/README")
        member.size = 2
        file.addfile(member, io.BytesIO(b"ok"))


def test_a_download_that_is_there_is_used(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for way in ("from_pool", "from_lists", "from_github"):
        monkeypatch.setattr(setup_source, way, lambda _: pytest.fail("asks the network"))
    path = tmp_path / setup_source.DOWNLOADS / setup_source.TARBALL
    path.parent.mkdir(parents=True)
    archive(path)
    monkeypatch.setattr(setup_source.is_right, "__defaults__", (hashlib.sha256(path.read_bytes()).hexdigest(),))
    folder = tmp_path / "build" / "micropython"
    folder.mkdir()
    (folder / "half").write_text("left by a run that was interrupted")
    mark = folder / ".ready"
    setup_source.bring(str(folder), str(mark))
    assert sorted(os.listdir(folder)) == [".ready", "README"]
    path.unlink()
    setup_source.bring(str(folder), str(mark))
    assert (folder / "README").exists()


def test_without_any_source_it_says_what_to_bring(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for way in ("from_pool", "from_lists", "from_github"):
        monkeypatch.setattr(setup_source, way, lambda _: False)
    with pytest.raises(SystemExit, match=r"micropython_1\.26\.1\+ds\.orig\.tar\.xz"):
        setup_source.bring(str(tmp_path / "micropython"), str(tmp_path / "micropython" / ".ready"))


def test_a_release_at_another_commit_is_refused(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(setup_source, "run", lambda *_, **__: True)
    git = ["git", "-c", "user.name=a", "-c", "user.email=a", "-C", str(tmp_path)]
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "a"], check=True)
    assert not setup_source.from_github(str(tmp_path))
    assert "not the commit we know" in capsys.readouterr().out


def test_the_line_to_type():
    packages = ["gcc", "python3-venv"]
    plain = "apt-get update && apt-get install -y gcc python3-venv"
    assert setup_system.line_to_type(packages, root=True) == plain
    assert setup_system.line_to_type(packages, root=False, sudo=False) == "su -c '%s'" % plain
    line = "sudo apt-get update && sudo apt-get install -y gcc python3-venv"
    assert setup_system.line_to_type(packages, root=False, sudo=True) == line


def test_only_what_is_missing_is_named():
    needs = (("one", lambda: True, ("a",)), ("two", lambda: False, ("b", "c")))
    assert setup_system.packages_of(setup_system.missing(needs)) == ["b", "c"]


def test_where_nothing_may_be_installed_it_stops_with_the_line(monkeypatch):
    needs = [("a C compiler", lambda: False, ("gcc", "libc6-dev"))]
    monkeypatch.setattr(setup_system, "missing", lambda _: needs)
    monkeypatch.setattr(setup_system, "as_root", lambda: None)
    monkeypatch.setattr(setup_system.shutil, "which", lambda name: name)
    monkeypatch.setattr(setup_system, "install", lambda *_: pytest.fail("installs"))
    with pytest.raises(SystemExit, match="lacks a C compiler(.|\n)*apt-get install -y gcc libc6-dev"):
        setup_system.main()


def test_each_purpose_has_its_own_needs(monkeypatch):
    asked = []
    monkeypatch.setattr(setup_system, "missing", lambda needs: asked.append(needs) or [])
    setup_system.main()
    setup_system.main(["boards"])
    setup_system.main(["versions"])
    needs, boards, versions = setup_system.NEEDS, setup_system.BOARD_NEEDS, setup_system.VERSION_NEEDS
    assert asked == [needs, needs + boards, needs + versions]


def test_what_the_boards_need_is_here():
    assert not setup_system.missing(setup_system.BOARD_NEEDS)


# --- What pip installs


def unpinned(text):
    """The requirements that name no one version, or whose files may be any; and lines that say where from."""
    lines = re.sub(r"\\\n", "", re.sub("(?m)^#.*\n", "", text)).splitlines()
    pinned = r"[a-z0-9-]+==[^\s*;]+( ; [^\\]+?)?( +--hash=sha256:[0-9a-f]{64})+"
    return [line.split("--hash")[0].strip() for line in lines if not re.fullmatch(pinned, line)]


def test_every_requirement_has_one_version_and_hashes():
    text = (ROOT / "requirements.txt").read_text()
    assert not unpinned(text)
    wanted = {re.match("[a-z-]+", line)[0] for line in (ROOT / "requirements.in").read_text().splitlines()}
    assert wanted <= set(re.findall("(?m)^([a-z0-9-]+)==", text))
    assert "--require-hashes -r requirements.txt" in (ROOT / "tools" / "mk" / "setup.mk").read_text()


def test_a_requirement_without_a_hash_is_found():
    good = "a==1.0 ; python_full_version < '3.10' \\\n    --hash=sha256:%s \\\n    --hash=sha256:%s\n" % (
        "0" * 64,
        "f" * 64,
    )
    assert not unpinned("# said\n" + good)
    for bad in ("b==2.0", "b==2.* --hash=sha256:" + "0" * 64, "b --hash=sha256:" + "0" * 64,
                "b==2.0 --hash=md5:" + "0" * 32, "--index-url https://elsewhere"):  # fmt: skip
        assert unpinned(good + bad + "\n") == [bad.split("--hash")[0].strip()]
