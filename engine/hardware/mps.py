"""CUDA's Multi-Process Service (MPS): processes that share a card compute beside each other through it, and in turns
without it."""

import errno
import os
import socket
from collections.abc import Mapping
from pathlib import Path

FOLDER_VARIABLE = "CUDA_MPS_PIPE_DIRECTORY"
DEFAULT_FOLDER = "/tmp/nvidia-mps"
SOCKET = "control"
ANSWER_S = 1.0


def mps_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the folder of the control daemon's socket. Source: NVIDIA, Multi-Process Service."""
    return Path(environment.get(FOLDER_VARIABLE) or DEFAULT_FOLDER)


def mps_answers(environment: Mapping[str, str] = os.environ) -> bool:
    """Return True where a control daemon listens: CUDA then joins it by itself, in every new process."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asked:
        asked.settimeout(ANSWER_S)
        try:
            asked.connect(str(mps_folder(environment) / SOCKET))
        except OSError as error:
            return error.errno == errno.EPROTOTYPE  # it listens, but to a socket of another type
    return True
