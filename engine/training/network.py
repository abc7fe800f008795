"""The network of a run with its optimiser, schedule and loss, made from its spec."""

from engine.files.paths import Home
from engine.models.resnet import build_model
from engine.models.weight_files import WeightsError
from engine.models.weights import Weights, apply_weights, read_weights
from engine.recipes.losses import LOSSES
from engine.recipes.optimizers import make_optimizer
from engine.recipes.schedules import make_schedule
from engine.spec.constants import PRETRAINED_WORDS
from engine.spec.run_spec import RunSpec
from engine.training.compilation import make_forward, make_replay
from engine.training.context import RunContext
from engine.training.heads import add_dropout
from engine.training.memory_layout import memory_format
from engine.training.objective import make_objective
from engine.training.precision import autocast, make_scaler
from engine.training.prepared_data import PreparedData
from engine.training.step import Network


def build_network(
    context: RunContext, data: PreparedData, weights: Weights | None, *, resumes: bool
) -> Network:
    """Build the network at its start, from the `weights` where there are any; a run that `resumes` takes its weights
    from its checkpoint afterwards. Raises WeightsError."""
    spec, device, precision = context.spec, context.device, context.precision
    classes = data.index.class_names
    model = build_model(
        spec.arch,
        LOSSES[spec.loss].output_count(len(classes)),
        implementation=spec.implementation,
        bottleneck_stride=spec.bottleneck_stride,
        seed=spec.seed,
    )
    if not resumes:
        context.log(apply_weights(model, weights, class_names=classes, needs_head=spec.epochs == 0).note)
    if spec.head == "dropout":
        add_dropout(model)
    layout = memory_format(spec.image_size, precision, device)
    model = model.to(device, memory_format=layout)  # type: ignore[call-overload]
    optimizer = make_optimizer(model, spec, device)
    return Network(
        model=model,
        forward=make_forward(model, spec, device, context.log),
        optimizer=optimizer,
        schedule=make_schedule(optimizer, spec, data.steps_per_epoch),
        loss_of=make_objective(spec.loss, data.index.counts("train"), spec.label_smoothing).to(device),
        autocast=lambda: autocast(precision, device),
        scaler=make_scaler(precision, device),
        micro_batch=context.images_at_once,
        clip_norm=spec.clip_norm,
        layout=layout,
        replay=make_replay(spec, device, precision, context.images_at_once, context.log),
    )


def first_weights(spec: RunSpec, home: Home) -> Weights | None:
    """Read the weights that the network starts from; None where all is drawn from the seed. Raises WeightsError."""
    if spec.source_run is not None:
        path = home.run(spec.source_run).best
        if not path.exists():
            raise WeightsError(f"run {spec.source_run} has no best weights at {path}: train it first")
        return read_weights(str(path), arch=spec.arch, name=f"run {spec.source_run}")
    if spec.pretrained in PRETRAINED_WORDS:
        return read_weights(spec.pretrained, arch=spec.arch)
    return read_weights(str(home.resolve(spec.pretrained)), arch=spec.arch, name=spec.pretrained)
