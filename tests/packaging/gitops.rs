//! What Argo CD and Flux conclude from a status.
