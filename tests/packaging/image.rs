//! The image, as far as it can be checked without a container engine.
