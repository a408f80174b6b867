"""A private certificate authority and a server certificate, so that clients can verify the local org."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

HOSTS: Final = ("localhost", "*.salesforce.com", "*.my.salesforce.com")
ADDRESSES: Final = ("127.0.0.1",)
_LIFE: Final = timedelta(days=365)
_RENEW: Final = timedelta(days=7)


@dataclass(frozen=True)
class Certificate:
    """Files in PEM: the authority that clients trust, and what the server shows."""

    ca_file: Path
    certificate_file: Path
    key_file: Path


def certificate(folder: Path) -> Certificate:
    """The certificate kept in `folder`; made anew when missing or near its end."""
    made = Certificate(folder / "ca.pem", folder / "server.pem", folder / "server.key")
    if not _usable(made):
        folder.mkdir(parents=True, exist_ok=True)
        _make(made)
    return made


def _usable(made: Certificate) -> bool:
    if not all(path.is_file() for path in (made.ca_file, made.certificate_file, made.key_file)):
        return False
    shown = x509.load_pem_x509_certificate(made.certificate_file.read_bytes())
    return shown.not_valid_after_utc - datetime.now(UTC) > _RENEW


def _named(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Fairlead emulators"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _LIFE)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _key_usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def _alternative_names(hosts: Sequence[str], addresses: Sequence[str]) -> x509.SubjectAlternativeName:
    names: list[x509.GeneralName] = [x509.DNSName(host) for host in hosts]
    names += [x509.IPAddress(ip_address(address)) for address in addresses]
    return x509.SubjectAlternativeName(names)


def _make(made: Certificate) -> None:
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = _named("Fairlead emulators' authority")
    ca = (
        _builder(ca_name, ca_name, ca_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(authority=True), critical=True)
        .sign(ca_key, hashes.SHA256())
    )
    shown = (
        _builder(_named("localhost"), ca_name, key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(authority=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
        .add_extension(_alternative_names(HOSTS, ADDRESSES), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    made.ca_file.write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    made.certificate_file.write_bytes(shown.public_bytes(serialization.Encoding.PEM))
    # The authority's own key is thrown away: it signs once.
    made.key_file.touch(mode=0o600)
    made.key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
