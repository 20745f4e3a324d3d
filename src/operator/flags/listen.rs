//! Where metrics and health are served, if at all.

use std::fmt;
use std::net::{Ipv6Addr, SocketAddr};
use std::str::FromStr;

/// An address to listen on, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listen {
    /// Nothing is served.
    Off,
    /// Served at this address; port 0 takes a free one.
    At(SocketAddr),
}

impl Listen {
    /// The address, if there is one.
    pub const fn address(self) -> Option<SocketAddr> {
        match self {
            Self::Off => None,
            Self::At(address) => Some(address),
        }
    }
}

impl Default for Listen {
    /// Port 8080 of every interface, IPv4 included where the node is dual-stack as Linux is
    /// by default. Probes and Prometheus come from outside the pod, so loopback would not do.
    fn default() -> Self {
        Self::At(SocketAddr::from((Ipv6Addr::UNSPECIFIED, 8080)))
    }
}

impl FromStr for Listen {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(Self::Off);
        }
        let address = match text.strip_prefix(':') {
            // What Go programs take, and so what people type.
            Some(port) => port.parse().ok().map(|port: u16| SocketAddr::from((Ipv6Addr::UNSPECIFIED, port))),
            None => text.parse().ok(),
        };
        address.map(Self::At).ok_or("write ADDRESS:PORT, such as 127.0.0.1:8080, [::]:8080 or :8080")
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => Ok(()),
            Self::At(address) => address.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_and_a_port_are_read_as_go_programs_take_them() {
        for (text, wanted) in
            [("127.0.0.1:9000", "127.0.0.1:9000"), ("[::1]:0", "[::1]:0"), (":8081", "[::]:8081")]
        {
            assert_eq!(text.parse(), Ok(Listen::At(wanted.parse().unwrap())), "{text}");
        }
    }

    #[test]
    fn an_empty_value_turns_it_off() {
        assert_eq!("".parse(), Ok(Listen::Off));
        assert_eq!(Listen::Off.address(), None);
    }

    #[test]
    fn anything_else_is_refused_with_an_example() {
        for text in ["8080", "localhost:8080", ":", ":99999", "off", "[::]"] {
            assert!(text.parse::<Listen>().is_err_and(|why| why.contains("[::]:8080")), "{text}");
        }
    }

    #[test]
    fn what_is_printed_can_be_read() {
        for listen in [Listen::default(), Listen::Off] {
            assert_eq!(listen.to_string().parse(), Ok(listen));
        }
    }
}
