"""What the operator hears of the running program."""

import logging
import sys

import structlog

# What uvicorn says of a peer's faults: whoever likes could fill the disk with it.
_FAULTS_OF_PEERS = frozenset(
    {"Invalid HTTP request received.", "Invalid UTF-8 sequence received from client."}
)


def quiet_logs() -> None:
    """Lines on standard error, from warnings upwards: standard output is for what was asked."""
    logging.getLogger("uvicorn.error").addFilter(lambda line: line.msg not in _FAULTS_OF_PEERS)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
