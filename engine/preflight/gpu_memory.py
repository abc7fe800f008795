"""Will a run fit the card? From what earlier runs took there, else from what its network must keep. No torch."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from engine.hardware import telemetry
from engine.hardware.card_memory import CONTEXT_GB
from engine.problem import Problem, WayOut
from engine.recipes.optimizers import OPTIMIZERS
from engine.spec.archs import find_arch
from engine.spec.plugin_name import arch_shown
from engine.spec.run_spec import RunSpec
from engine.store import listing, workers
from engine.store.database import Store

WEIGHTS_AND_GRADIENTS = 2
"""Values that a card keeps for each parameter besides the optimiser's state."""

SMALLER = WayOut("try a smaller {}", "micro_batch"), WayOut("try a smaller {}", "image_size")


@dataclass(frozen=True)
class Need:
    """Memory of a card in GiB, and where the figure comes from."""

    gb: float
    source: str


def least_need(spec: RunSpec) -> Need | None:
    """Estimate the least GPU memory of a run, without the work space of convolutions; None for a plug-in, whose
    layers are not known."""
    info = find_arch(spec.arch)
    if info is None:
        return None
    narrow = 1.0 if spec.precision == "fp32" else 0.5
    copies = WEIGHTS_AND_GRADIENTS + OPTIMIZERS[spec.optimizer].state_copies(spec)
    per_image_mib = info.cost(spec.stem).activations_mib_at(spec.image_size) * narrow
    kept_mib = per_image_mib * spec.images_at_once + info.weights_mib * copies
    return Need(kept_mib / 1024 + CONTEXT_GB, "by its activations and weights")


def need(spec: RunSpec, learnt: Mapping[str, tuple[int, float]]) -> Need | None:
    """Estimate a spec's memory; None where nothing is known. `learnt` has a run's id and peak in GiB by the memory
    digest of the runs that have trained."""
    if (known := learnt.get(spec.memory_digest())) is not None:
        run_id, peak_gb = known
        return Need(peak_gb + CONTEXT_GB, f"as run {run_id} did")
    return least_need(spec)


def warnings_for(store: Store | None, specs: Sequence[RunSpec]) -> list[Problem]:
    """Return a warning for each kind of run that fits no card of this host, nor one that a worker has."""
    cards = {card.name: card.memory_gb for card in telemetry.nvidia().cards if card.memory_gb is not None}
    learnt: dict[str, tuple[int, float]] = {}
    if store is not None:
        with store.read() as session:
            for worker in workers.present(session):
                if workers.has_card(worker) and "memory_total_gb" in worker.telemetry:
                    cards[worker.device_name] = float(worker.telemetry["memory_total_gb"])
            peaks = listing.memory_peaks(session) if cards else []
        # The newest of a kind counts: they come newest first.
        learnt = {key: (run_id, peak_gb) for run_id, key, peak_gb in reversed(peaks)}
    kinds = {spec.memory_digest(): spec for spec in specs} if cards else {}
    return too_large(((spec, need(spec, learnt)) for spec in kinds.values()), cards)


def too_large(needs: Iterable[tuple[RunSpec, Need | None]], cards: Mapping[str, float]) -> list[Problem]:
    """Warn of each kind of run that fits none of the cards (name: GiB), with its largest need; empty without cards."""
    if not cards:
        return []
    name, largest_gb = max(cards.items(), key=lambda card: card[1])
    found: dict[str, Need] = {}
    for spec, wanted in needs:
        if wanted is not None and wanted.gb > largest_gb:
            kind = f"{arch_shown(spec.arch)} at {spec.image_size} px, batch {spec.batch_size}"
            found[kind] = max(found.get(kind, wanted), wanted, key=lambda each: each.gb)
    has = f"{name} has {largest_gb:.1f}"
    return [
        Problem(
            "batch_size",
            "warning",
            f"{kind} takes {largest.gb:.1f} GiB or more ({largest.source}), {has}",
            (name,),
            SMALLER,
            "gpu_memory",
            "too large for the card",
        )
        for kind, largest in found.items()
    ]
