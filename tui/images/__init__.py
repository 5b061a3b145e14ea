"""Pictures and text grids of digits, read and brought into the form of MNIST's images."""
