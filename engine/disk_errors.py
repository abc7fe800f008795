"""What the system says of a disk, in one line: full, read-only, broken, or a folder that has gone."""

import errno

DISK_ADVICE = "free some space or make the folder writable, then queue the run again"
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


def disk_problem(error: OSError) -> str | None:
    """`runs/3/last.pt cannot be written: no space is left on the disk`; None for what is no disk's fault."""
    why = _WHY.get(error.errno or 0)
    if why is None:
        return None
    name = error.filename
    name = name.decode(errors="surrogateescape") if isinstance(name, bytes) else name
    return f"{name or 'a file'} cannot be written: {why}"
