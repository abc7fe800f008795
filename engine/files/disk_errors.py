"""What the system says of a disk, in one line: full, read-only, broken, or a folder that has gone."""

import errno


class WriteError(OSError):
    """A file that could not be written; `filename` is the name that a user knows."""


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
    """Would the next file on the disk meet the same?"""
    return error.errno in _WHOLE


def disk_problem(error: OSError, *, writes: bool | None = None) -> str | None:
    """`runs/3/last.pt cannot be written: no space is left on the disk`; None for what is no disk's fault.

    `writes`: was it about to write? Where that is not said, a WriteError was. A file that is not there to be read is
    not the disk's fault."""
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
