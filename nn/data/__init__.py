"""Datasets: the embedded MNIST, and others from files and folders; splits, preprocessing, warps."""
