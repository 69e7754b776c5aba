"""What keeps a secret: vectors of NIST and the RFCs here, on a board, and what is said where there is no AES."""

import builtins

import pytest

import aes_cases
import sealed_cases
from ember.sealed import suite


def test_as_nist_and_the_rfcs_say(capsys):
    exec(sealed_cases.vectors(aes_cases), {})
    assert capsys.readouterr().out.strip() == sealed_cases.AS_PUBLISHED


@pytest.mark.parametrize("name", ["m4", "rv32"])
def test_as_nist_and_the_rfcs_say_on_a_board(started, name):
    script = sealed_cases.vectors(aes_cases).replace("ember.sealed.suite", "ember.sealed_suite")  # as a board has it
    ok, output = started(name)(script)
    assert ok and output.strip() == sealed_cases.AS_PUBLISHED, output


@pytest.mark.parametrize(
    "name, wrong",
    [
        ("SHA256", {b"abc": "00" * 32}),
        ("HMAC", [(b"k", b"", "00" * 32)]),
        ("HKDF", [(b"k", b"", b"", "00" * 42)]),
    ],
)
def test_what_is_not_as_published_is_found(monkeypatch, capsys, name, wrong):
    monkeypatch.setattr(sealed_cases, name, wrong)
    exec(sealed_cases.vectors(aes_cases), {})
    assert capsys.readouterr().out.strip() != sealed_cases.AS_PUBLISHED


def test_a_counter_that_does_not_go_on_is_found(monkeypatch, capsys):
    real = suite.ctr

    def stuck(encrypt, counter, data, stream):
        for at in range(0, len(data), 16):
            real(encrypt, counter, data[at : at + 16], stream)

    monkeypatch.setattr(suite, "ctr", stuck)
    exec(sealed_cases.vectors(aes_cases), {})
    assert "CTR" in capsys.readouterr().out


def test_where_there_is_no_aes(monkeypatch):
    real = builtins.__import__

    def without(name, *rest):
        if name.startswith(("cryptography", "cryptolib")):
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(RuntimeError, match="no AES here.*MICROPY_PY_CRYPTOLIB.*pip install cryptography"):
        suite.cipher(bytes(16))


def test_micropython_without_cryptolib(micropython):
    """The builds for this machine have none; HMAC and HKDF work there all the same."""
    said = micropython(
        "from ember.sealed.suite import cipher, hmac, pads\n"
        "try:\n    cipher(bytes(16))\nexcept RuntimeError as error:\n    print(error)\n"
        "print(hmac(pads(%r), %r) == %r)"
        % (sealed_cases.HMAC[1][0], sealed_cases.HMAC[1][1], bytes.fromhex(sealed_cases.HMAC[1][2]))
    )
    assert "no AES here, so nothing is sealed or opened" in said and said.endswith("True\n")
