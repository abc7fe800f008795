"""Split of an epoch's images into batches."""


def parts_of(count: int, size: int) -> list[slice]:
    """`count` images in parts of `size`, the last of any length but one, for BatchNorm has no variance of a single
    image at 1×1: a last one alone takes another from the part before it, or joins that one where it has but two."""
    starts = list(range(0, count, size))
    if size > 1 and len(starts) > 1 and count - starts[-1] == 1:
        last = starts.pop() - 1
        starts += [last] if size > 2 else []
    return [slice(start, stop) for start, stop in zip(starts, [*starts[1:], count], strict=False)]
