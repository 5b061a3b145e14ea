"""MNIST: the IDX file format, the embedded images, splits and preprocessing."""
