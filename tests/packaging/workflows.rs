//! The workflows: pinned actions and least permissions.
