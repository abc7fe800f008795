"""Image data sets: recognise the layout, index the images, pack them, make batches."""
