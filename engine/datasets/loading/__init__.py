"""From packed pixels to the batches of an epoch: order, augmentation, the way to the device."""
