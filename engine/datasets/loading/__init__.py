"""Loading of an epoch from the packed images: order, augmentation, transfer to the device."""
