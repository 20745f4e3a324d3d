//! The chart: rendered, refused, installed, upgraded, rolled back and uninstalled.
