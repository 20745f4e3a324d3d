//! The kustomizations, and that they make what the chart makes.
