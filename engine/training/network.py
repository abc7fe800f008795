"""Network of a run with its optimiser, schedule and loss, made from its spec."""

from typing import assert_never

from engine.files.paths import Home
from engine.models.networks import build_network
from engine.models.weight_files import WeightsError
from engine.models.weights import Weights, apply_weights, read_weights
from engine.recipes.losses import LOSSES
from engine.recipes.optimizers import make_optimizer
from engine.recipes.schedules import make_schedule
from engine.spec.pretrained import source_kind
from engine.spec.run_spec import RunSpec
from engine.training.compilation import make_forward, make_replay
from engine.training.context import RunContext
from engine.training.heads import add_dropout
from engine.training.memory_layout import lay_out
from engine.training.objective import make_objective
from engine.training.precision import autocast, make_scaler
from engine.training.prepared_data import PreparedData
from engine.training.step import Network


def make_network(
    context: RunContext, data: PreparedData, weights: Weights | None, *, resumes: bool
) -> Network:
    """Build the network at its start, from `weights` unless it `resumes`. Raises WeightsError, PluginError."""
    spec, device, precision = context.spec, context.device, context.precision
    classes = data.index.class_names
    built = build_network(
        spec.arch,
        LOSSES[spec.loss].output_count(len(classes)),
        implementation=spec.implementation,
        bottleneck_stride=spec.bottleneck_stride,
        stem=spec.stem,
        image_size_px=spec.image_size,
        seed=spec.seed,
        resolve=context.home.resolve,
    )
    model = built.model
    if not resumes:
        context.log(apply_weights(built, weights, class_names=classes, needs_head=spec.epochs == 0).note)
    if spec.head == "dropout":
        add_dropout(model, built.layers.head)
    if spec.sync_batchnorm:
        model = context.group.with_whole_batch_norm(model)
    model = lay_out(model, context.layout, device)
    optimizer = make_optimizer(model, spec, device)
    forward = make_forward(model, spec, device, context.log)
    return Network(
        model=model,
        forward=context.group.forward(model, forward, may_skip=built.plugin_sha256 is not None),
        optimizer=optimizer,
        schedule=make_schedule(optimizer, spec, data.steps_per_epoch),
        loss_of=make_objective(spec.loss, data.index.counts("train"), spec.label_smoothing).to(device),
        autocast=lambda: autocast(precision, device),
        scaler=make_scaler(precision, device),
        micro_batch=context.images_at_once,
        layers=built.layers,
        clip_norm=spec.clip_norm,
        layout=context.layout.images,
        partition=data.partition,
        replay=make_replay(spec, device, precision, data.usual_batch, context.images_at_once, context.log),
        group=context.group,
        plugin_sha256=built.plugin_sha256,
    )


def first_weights(spec: RunSpec, home: Home) -> Weights | None:
    """Read the weights that the network starts from; None where all is drawn from the seed. Raises WeightsError."""
    source, name = _weights_source(spec, home)
    return read_weights(source, arch=spec.arch, stem=spec.stem, name=name)


def _weights_source(spec: RunSpec, home: Home) -> tuple[str, str]:
    """Return a word or the path of a file, and what messages call it."""
    kind = source_kind(spec.pretrained)
    match kind:
        case "none" | "imagenet":
            return spec.pretrained, spec.pretrained
        case "file":
            return str(home.resolve(spec.pretrained)), spec.pretrained
        case "run":
            assert spec.source_run is not None
            path = home.run(spec.source_run).best
            if not path.exists():
                raise WeightsError(f"run {spec.source_run} has no best weights at {path}: train it first")
            return str(path), f"run {spec.source_run}"
        case _:
            assert_never(kind)
