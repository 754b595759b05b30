"""How clients prove to Kafka who they are, from the settings, for aiokafka and for FastStream."""

import ssl
from typing import Any

from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512

from chassis.settings import KafkaSettings


def client_arguments(settings: KafkaSettings) -> dict[str, Any]:
    """Keyword arguments for an aiokafka producer, consumer or admin client."""
    arguments: dict[str, Any] = {"security_protocol": settings.security_protocol}
    if "SSL" in settings.security_protocol.split("_"):
        arguments["ssl_context"] = _ssl_context(settings)
    if settings.security_protocol.startswith("SASL"):
        arguments |= {
            "sasl_mechanism": settings.sasl_mechanism,
            "sasl_plain_username": settings.username,
            "sasl_plain_password": settings.password.get_secret_value(),
        }
    return arguments


def broker_security(settings: KafkaSettings) -> BaseSecurity | None:
    """The same for a FastStream broker; None for plain text without credentials."""
    if settings.security_protocol == "PLAINTEXT":
        return None
    encrypted = settings.security_protocol in {"SSL", "SASL_SSL"}
    context = _ssl_context(settings) if encrypted else None
    if settings.security_protocol == "SSL":
        return BaseSecurity(ssl_context=context)
    mechanisms = {
        "PLAIN": SASLPlaintext, "SCRAM-SHA-256": SASLScram256, "SCRAM-SHA-512": SASLScram512,
    }  # fmt: skip
    return mechanisms[settings.sasl_mechanism](
        username=settings.username,
        password=settings.password.get_secret_value(),
        ssl_context=context,
        use_ssl=encrypted,
    )


def _ssl_context(settings: KafkaSettings) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=settings.ca_file)
    if settings.certificate_file is not None:
        context.load_cert_chain(settings.certificate_file, settings.key_file)
    return context
