//! What the audience reads, and the checks it can count on.

use std::io::IsTerminal;

/// Prints acts, commands and checks, and keeps count of the latter.
#[derive(Debug, Default)]
pub struct Show {
    acts: u32,
    held: u32,
    failed: u32,
}

impl Show {
    /// A new act.
    pub fn act(&mut self, title: &str, text: &str) {
        self.acts += 1;
        println!("\n{}\n{text}", bold(&format!("{}. {title}", self.acts)));
    }

    /// A check that held, or did not.
    pub fn check(&mut self, what: &str, held: bool) {
        if held {
            self.held += 1;
            println!("  ✓ {what}");
        } else {
            self.failed += 1;
            println!("  ✗ NOT SO: {what}");
        }
    }

    /// The count; whether every check held.
    pub fn conclude(&self) -> bool {
        println!("\n{} checks held, {} failed", self.held, self.failed);
        self.failed == 0
    }
}

/// A command as a person would type it.
pub fn command(command: &str) {
    println!("\n  {}", bold(&format!("$ {command}")));
}

/// What a command printed.
pub fn output(text: &str) {
    for line in text.lines() {
        println!("  {line}");
    }
}

fn bold(text: &str) -> String {
    if std::io::stdout().is_terminal() { format!("\x1b[1m{text}\x1b[0m") } else { text.to_owned() }
}
