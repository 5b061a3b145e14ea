"""What the images of a dataset have in common: their height and width, and their classes."""

from __future__ import annotations

from dataclasses import dataclass

MAX_CLASSES = 100
MAX_PIXELS = 2**16  # of one image, such as 256x256


@dataclass(frozen=True, slots=True)
class DataSpec:
    """Height and width of every image in pixels, and the name of each class.

    Label c, from 0, stands for the class `names[c]`. The defaults are those of MNIST.
    """

    rows: int = 28
    columns: int = 28
    names: tuple[str, ...] = ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9")

    def __post_init__(self) -> None:
        """Raise `ValueError` for what no dataset is; files are read with this check."""
        if not (self.rows > 0 < self.columns and self.rows * self.columns <= MAX_PIXELS):
            raise ValueError(f"images of {self.columns}x{self.rows} pixels")
        if not 2 <= len(self.names) <= MAX_CLASSES:
            raise ValueError(f"{len(self.names)} classes")
        if not all(name.strip() and name.isprintable() for name in self.names):
            raise ValueError("a class has no name, or one that cannot be printed")

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width."""
        return self.rows, self.columns

    @property
    def size(self) -> str:
        """Width and height in words, such as 28x28."""
        return f"{self.columns}x{self.rows}"

    @property
    def pixels(self) -> int:
        """The number of pixels of an image, which is that of a network's inputs."""
        return self.rows * self.columns

    @property
    def classes(self) -> int:
        """The number of classes, which is that of a network's outputs."""
        return len(self.names)

    @property
    def has_names(self) -> bool:
        """Whether any class has another name than its number."""
        return self.names != tuple(map(str, range(self.classes)))

    def named(self, label: int) -> str:
        """A class in words: `3`, or `3 (Dress)` where it has a name of its own."""
        name = self.names[label]
        return name if name == str(label) else f"{label} ({name})"


MNIST = DataSpec()
ROWS, COLUMNS = MNIST.shape
PIXELS = MNIST.pixels
