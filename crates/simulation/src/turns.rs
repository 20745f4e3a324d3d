//! Histories are many, and independent: several are played at once, in their order.

use std::{
    ops::Range,
    sync::atomic::{AtomicUsize, Ordering},
};

/// Calls `play` with each of `numbers`, in their order and so many at once, until one says that it is enough. Returns how
/// many were played.
pub fn take_turns(threads: usize, numbers: Range<usize>, play: impl Fn(usize) -> bool + Sync) -> usize {
    let (next, done) = (AtomicUsize::new(numbers.start), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::SeqCst);
                    if number >= numbers.end {
                        return;
                    }
                    let enough = play(number);
                    done.fetch_add(1, Ordering::SeqCst);
                    if enough {
                        next.store(numbers.end, Ordering::SeqCst);
                    }
                }
            });
        }
    });
    done.into_inner()
}
