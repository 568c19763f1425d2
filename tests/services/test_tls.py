import re
import ssl
from pathlib import Path

import pytest

import sentra_tui
from sentra_tui.domain.errors import ConfigError
from sentra_tui.services.tls import check_ca_file, load_tls_context, tls_context
from tests.services.openai.certificates import Authority

_UNCHECKED = re.compile(r"verify\s*=\s*False|CERT_NONE|CERT_OPTIONAL|check_hostname\s*=\s*False|_create_unverified")


def test_nothing_in_the_package_turns_the_checking_of_certificates_off() -> None:
    package = Path(sentra_tui.__file__).parent
    assert [path for path in package.rglob("*.py") if _UNCHECKED.search(path.read_text(encoding="utf-8"))] == []


async def test_certificates_are_checked_and_authorities_are_loaded_once(tmp_path: Path) -> None:
    context = await load_tls_context()
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert tls_context() is context
    private = tls_context(str(Authority(tmp_path).ca_file))
    assert private is not context
    assert private.cert_store_stats()["x509_ca"] == context.cert_store_stats()["x509_ca"] + 1


def test_the_user_can_name_all_authorities(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(Authority(tmp_path).ca_file))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    assert tls_context().cert_store_stats()["x509_ca"] == 1


def test_authorities_that_are_not_there_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    with pytest.raises(ConfigError, match="SSL_CERT_FILE cannot be read"):
        tls_context()


@pytest.mark.parametrize("content", [b"", b"hello", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_a_file_without_certificates_is_named(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_bytes(content)
    with pytest.raises(ConfigError, match=r"ca_file holds no certificate: .*ca\.pem"):
        check_ca_file(str(file))


@pytest.mark.parametrize("name", ["none.pem", "", "a\0b"])
def test_a_file_that_cannot_be_read_is_named(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="ca_file cannot be read"):
        check_ca_file(str(tmp_path / name))
