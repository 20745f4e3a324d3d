//! The ValidatingAdmissionPolicy that wants a confirmation before anything is deleted.
