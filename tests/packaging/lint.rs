//! What the linters of the field say of everything that is rendered.
