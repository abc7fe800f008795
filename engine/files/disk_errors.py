"""Messages for disk errors, one line each: disk full, read-only or broken, folder gone."""

import errno


class WriteError(OSError):
    """Error for a file that could not be written; `filename` is the name that the user knows."""


_WHY = {
    errno.ENOSPC: "no space is left on the disk",
    errno.EDQUOT: "your quota on the disk is used up",
    errno.EFBIG: "the file is larger than the disk or your limits allow",
    errno.EROFS: "the disk is read-only",
    errno.EACCES: "it may not be written",
    errno.EPERM: "it may not be written",
    errno.EIO: "the disk does not answer",
    errno.ENOENT: "its folder has gone",
    errno.ENOTDIR: "its folder is no folder any more",
    errno.ESTALE: "its folder has gone from the server",
    errno.ENODEV: "the disk has gone",
    errno.ENXIO: "the disk has gone",
}


_GONE, _DENIED = (errno.ENOENT, errno.ENOTDIR), (errno.EACCES, errno.EPERM)
_WHOLE = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.ESTALE, errno.ENODEV, errno.ENXIO)


def is_of_the_whole_disk(error: OSError) -> bool:
    """Return True where the next file on the disk would fail in the same way."""
    return error.errno in _WHOLE


def disk_problem(error: OSError, *, writes: bool | None = None) -> str | None:
    """Word a disk error: `runs/3/last.pt cannot be written: no space is left on the disk`.

    `writes` is True for an error in writing; None: a WriteError was one in writing. Return None for an error that the
    disk does not cause, such as a missing file to read."""
    why = _WHY.get(error.errno or 0)
    if why is None:
        return None
    name = error.filename
    name = name.decode(errors="surrogateescape") if isinstance(name, bytes) else name
    if isinstance(error, WriteError) if writes is None else writes:
        return f"{name or 'a file'} cannot be written: {why}"
    if error.errno in _GONE:
        return None
    if error.errno in _DENIED:
        return f"{name} cannot be read: its permissions do not allow it" if name else None
    return f"{name or 'a file'} cannot be read or written: {why}"
