//! Deliberate defects of the operator, and the hunt for each: a simulation that never finds anything proves nothing.
//!
//! Each defect is a page in `crates/simulation/defects`: why it is one, and which text of which file becomes what. The
//! program `defects` builds the operator with one of them at a time, and plays histories until one breaks a promise.

mod hunt;
mod page;
mod tree;

pub use hunt::{Bounds, Caught, Hunt, hunt};
pub use page::{Defect, Replacement, all};
pub use tree::Tree;
