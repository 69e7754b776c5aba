"""Brings MicroPython's source into a folder, where a mark in it does not say that it is there.

python tools/setup_source.py build/micropython build/micropython/.ready

Tried in this order: a download that is already there; the source package in the archive that this machine's own apt
sources name; the release on GitHub. What comes from an archive is held to a sha256, what comes from GitHub to the
release's commit, so it is the same source wherever it came from.
"""

import glob
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile

VERSION = "1.26.1"
PACKAGE = "1.26.1+ds-1"
TARBALL = "micropython_1.26.1+ds.orig.tar.xz"
SHA256 = "f5ad2ec89d3e921f753d448955af98b6005655f84ba26087dde6ba0e8d062f34"
REPOSITORY = "https://github.com/micropython/micropython"
COMMIT = "647c8b96cae7e202c7a020395b7cfe65e5b8ce04"  # v1.26.1

DOWNLOADS = os.path.join("build", "download")
HELPER = "/usr/lib/apt/apt-helper"
COMPONENTS = ("main", "universe")  # Debian has it in the one, Ubuntu in the other
SUITES = ("sid", "forky", "devel")
# As root apt would work as another user, who may not be able to write here.
OPTIONS = ["-oAPT::Sandbox::User=root", "-oAcquire::Retries=1", "-oAcquire::http::Timeout=20"]
OPTIONS += ["-oAcquire::https::Timeout=20"]


def stanzas(text):
    """The paragraphs of a deb822 file: dicts with lower-case names."""
    found, stanza, name = [], {}, None
    for line in text.splitlines() + [""]:
        if line.startswith("#"):
            continue
        if not line.strip():
            found += [stanza] if stanza else []
            stanza, name = {}, None
        elif line[0] in " \t":
            if name:
                stanza[name] += " " + line.strip()
        elif ":" in line:
            name, value = line.split(":", 1)
            name = name.strip().lower()
            stanza[name] = value.strip()
    return found


def addresses_of_deb822(text):
    found = []
    for stanza in stanzas(text):
        if stanza.get("enabled", "yes").lower() not in ("no", "false", "0") and "deb" in stanza.get("types", ""):
            found += stanza.get("uris", "").split()
    return found


def addresses_of_lines(text):
    """Of sources.list: `deb [options] address suite component …`."""
    found = []
    for line in text.splitlines():
        line = line.split("#")[0].strip()
        if line.split(" ")[0].split("\t")[0] not in ("deb", "deb-src"):
            continue
        rest = line.split(None, 1)[1]
        if rest.startswith("["):
            rest = rest.partition("]")[2]
        found += rest.split()[:1]
    return found


def addresses(folder="/etc/apt"):
    """The archives that this machine's apt sources name, each once."""
    found = []
    one_line = [os.path.join(folder, "sources.list")] + sorted(glob.glob(os.path.join(folder, "sources.list.d/*.list")))
    for path in one_line + sorted(glob.glob(os.path.join(folder, "sources.list.d/*.sources"))):
        try:
            with open(path, encoding="utf-8", errors="replace") as file:
                text = file.read()
        except OSError:
            continue
        read = addresses_of_deb822 if path.endswith(".sources") else addresses_of_lines
        found += [address.rstrip("/") for address in read(text)]
    return list(dict.fromkeys(found))


def run(command, seconds, **more):
    """Whether it went well. What it prints goes to our own output."""
    print("$", " ".join(command), flush=True)
    try:
        return subprocess.run(command, timeout=seconds, stdin=subprocess.DEVNULL, **more).returncode == 0
    except (OSError, subprocess.TimeoutExpired) as error:
        print(error, flush=True)
        return False


def is_right(path, sha256=SHA256):
    """Whether the file is the one we want; another is removed."""
    if not os.path.isfile(path):
        return False
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    if digest.hexdigest() == sha256:
        return True
    print("%s is not the file we want (its sha256 is %s): removed" % (path, digest.hexdigest()), flush=True)
    os.remove(path)
    return False


def from_pool(path):
    """The file itself, where the archives keep it."""
    if not os.access(HELPER, os.X_OK):
        return False
    for address in addresses():
        for component in COMPONENTS:
            place = "%s/pool/%s/m/micropython/%s" % (address, component, TARBALL)
            if run([HELPER, *OPTIONS, "download-file", place, path, "SHA256:" + SHA256], 300) and is_right(path):
                return True
    return False


def from_lists(path):
    """By `apt-get source`, with lists and settings of our own: what is installed here knows nothing of it."""
    if not shutil.which("apt-get"):
        return False
    folder = os.path.abspath(os.path.join(DOWNLOADS, "apt"))
    for part in ("lists/partial", "cache/archives/partial", "empty"):
        os.makedirs(os.path.join(folder, part), exist_ok=True)
    sources = os.path.join(folder, "sources.list")
    apt = ["apt-get", *OPTIONS, "-oDir::Etc::sourcelist=" + sources]
    apt += ["-oDir::Etc::sourceparts=" + os.path.join(folder, "empty")]
    apt += ["-oDir::State::Lists=" + os.path.join(folder, "lists"), "-oDir::Cache=" + os.path.join(folder, "cache")]
    # The sha256 decides, whatever apt thinks of signatures that this machine is too old to know.
    apt += ["-oAcquire::AllowInsecureRepositories=true", "-oAPT::Get::AllowUnauthenticated=true"]
    for suite in SUITES:
        with open(sources, "w") as file:
            for address in addresses():
                file.write("deb-src %s %s %s\n" % (address, suite, "universe" if suite == "devel" else "main"))
        run([*apt, "update"], 300)
        got = run([*apt, "source", "--download-only", "micropython=" + PACKAGE], 300, cwd=DOWNLOADS)
        if got and is_right(path):
            shutil.rmtree(folder)
            return True
    return False


def unpack(path, folder):
    with tarfile.open(path) as archive:
        top = archive.getnames()[0].split("/")[0]
        safe = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}  # which older Pythons have not
        archive.extractall(os.path.dirname(folder), **safe)
    os.rename(os.path.join(os.path.dirname(folder), top), folder)


def from_github(folder):
    if not shutil.which("git"):
        return False
    # Gives up where nothing comes for 20 seconds.
    git = ["git", "-c", "http.lowSpeedLimit=1000", "-c", "http.lowSpeedTime=20", "-c", "advice.detachedHead=false"]
    if not run([*git, "clone", "--quiet", "--depth=1", "--branch=v" + VERSION, REPOSITORY, folder], 600):
        return False
    head = subprocess.run(["git", "-C", folder, "rev-parse", "HEAD"], stdout=subprocess.PIPE, text=True).stdout.strip()
    if head == COMMIT:
        return True
    print("GitHub's v%s is %s, not the commit we know, %s" % (VERSION, head, COMMIT))
    return False


def bring(folder, mark):
    if os.path.exists(mark):  # another make was quicker
        return
    path = os.path.join(DOWNLOADS, TARBALL)
    os.makedirs(DOWNLOADS, exist_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    if is_right(path) or from_pool(path) or from_lists(path):
        unpack(path, folder)
    elif not from_github(folder):
        shutil.rmtree(folder, ignore_errors=True)
        sys.exit(
            "MicroPython %s was to be had neither from the archive that this machine's apt sources name nor from\n"
            "GitHub. Is this machine connected? Where it cannot be, bring %s\n"
            "from one that is (the source package micropython, %s) into %s." % (VERSION, TARBALL, PACKAGE, DOWNLOADS)
        )
    open(mark, "w").close()


if __name__ == "__main__":
    bring(os.path.abspath(sys.argv[1]), sys.argv[2])
