"""How the embedded server is set: for one machine with few cores, one writer, some readers."""

from __future__ import annotations

import os
from pathlib import Path

import psutil

from cartera.db.processes import cluster_name

MEGABYTE = 1024 * 1024

HOST_BASED_ACCESS = "host all all 127.0.0.1/32 scram-sha-256\n"
"""The whole pg_hba.conf: a password for everyone, and this machine only. No `trust`, no socket."""

SCRAM_ITERATIONS = "1"
"""Passwords are 192 random bits, which no number of rounds makes harder to guess: the usual 4,096 cost 4 ms a login."""


def server_settings(data_dir: Path, port: int) -> dict[str, str]:
    """Settings given on the server's command line, so that they always match the code and the machine."""
    memory = psutil.virtual_memory().total // MEGABYTE
    return {
        "port": str(port),
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "cluster_name": cluster_name(data_dir),
        "max_connections": "100",
        "scram_iterations": SCRAM_ITERATIONS,
        "timezone": "UTC",
        "log_timezone": "UTC",
        # nothing that may hold a secret or a debtor's data is written to the log
        "log_statement": "none",
        "log_min_error_statement": "panic",
        "log_line_prefix": "%m [%p] %u@%d ",
        **_memory(memory),
        # the data can be big and the cores few: fewer and larger checkpoints
        "max_wal_size": "4GB",
        "min_wal_size": "256MB",
        "checkpoint_timeout": "15min",
        # a table made and filled in one transaction skips the log; there is no replica to feed
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "wal_compression": "off",
        "synchronous_commit": "on",
        "random_page_cost": "1.1",
        "jit": "off",
        # a statement whose client was killed ends too, instead of holding its locks
        "client_connection_check_interval": "5s",
    }


def _memory(megabytes: int) -> dict[str, str]:
    shared = max(32, min(512, megabytes // 32))
    return {
        "shared_buffers": f"{shared}MB",
        "effective_cache_size": f"{max(128, megabytes // 2)}MB",
        "work_mem": f"{max(4, min(192, megabytes // 128))}MB",
        "maintenance_work_mem": f"{max(32, min(512, megabytes // 32))}MB",
        "dynamic_shared_memory_type": _dynamic_shared_memory(),
    }


def _dynamic_shared_memory() -> str:
    """Parallel queries share memory through /dev/shm, which containers make tiny or leave out."""
    try:
        room = os.statvfs("/dev/shm")
    except OSError:
        return "mmap"
    return "posix" if room.f_bavail * room.f_frsize >= 512 * MEGABYTE else "mmap"
