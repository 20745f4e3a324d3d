//! What a family of metrics is called, what it means and how it is labelled: each once.

use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::{Family, MetricConstructor};
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Metric, Registry};

/// How a family behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It only grows, and restarts at zero with the process.
    Counter,
    /// It goes up and down.
    Gauge,
    /// Counts observations by size.
    Histogram,
}

/// What documentation says about a family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Description {
    /// The name that Prometheus sees.
    pub name: &'static str,
    /// How it behaves.
    pub kind: Kind,
    /// What it means, without a full stop: the exposition adds one.
    pub help: &'static str,
    /// Its labels.
    pub labels: &'static [&'static str],
}

/// A family with `N` labels. The number is in the type, so that no value can be forgotten.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spec<const N: usize> {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) help: &'static str,
    pub(super) labels: &'static [&'static str; N],
}

/// The values of `N` labels, with their names.
pub(super) type Labels<const N: usize> = [(&'static str, String); N];

impl<const N: usize> Spec<N> {
    pub(super) const fn describe(self) -> Description {
        Description { name: self.name, kind: self.kind, help: self.help, labels: self.labels }
    }

    fn register(&self, registry: &mut Registry, metric: impl Metric) {
        // The encoder puts it back: OpenMetrics names the family without it.
        let name = self.name.strip_suffix("_total").unwrap_or(self.name);
        registry.register(name, self.help, metric);
    }
}

/// A registered family of `M`.
#[derive(Debug)]
pub(super) struct Registered<const N: usize, M, C = fn() -> M> {
    labels: &'static [&'static str; N],
    family: Family<Labels<N>, M, C>,
}

/// A histogram's bounds, as the constructor that a family needs.
#[derive(Clone, Debug)]
pub(super) struct Buckets(&'static [f64]);

impl MetricConstructor<Histogram> for Buckets {
    fn new_metric(&self) -> Histogram {
        Histogram::new(self.0.iter().copied())
    }
}

/// A family of counters.
pub(super) type Counters<const N: usize> = Registered<N, Counter>;
/// A family of gauges of whole numbers.
pub(super) type Gauges<const N: usize> = Registered<N, Gauge>;
/// A family of gauges of seconds.
pub(super) type SecondGauges<const N: usize> = Registered<N, Gauge<f64, AtomicU64>>;
/// A family of histograms.
pub(super) type Histograms<const N: usize> = Registered<N, Histogram, Buckets>;

impl<const N: usize, M> Registered<N, M>
where
    M: Metric + Clone + Default,
    Family<Labels<N>, M>: Metric,
{
    pub(super) fn new(registry: &mut Registry, spec: Spec<N>) -> Self {
        let family = Family::default();
        spec.register(registry, family.clone());
        Self { labels: spec.labels, family }
    }
}

impl<const N: usize> Gauges<N>
where
    Labels<N>: EncodeLabelSet,
{
    /// Sets the member with these values of its labels; at 0 it goes out of the exposition.
    pub(super) fn show(&self, values: [&str; N], count: usize) {
        if count == 0 {
            self.remove(values);
        } else {
            self.with(values).set(super::whole(count));
        }
    }
}

impl<const N: usize> Histograms<N> {
    pub(super) fn with_buckets(registry: &mut Registry, spec: Spec<N>, buckets: &'static [f64]) -> Self {
        let family = Family::new_with_constructor(Buckets(buckets));
        spec.register(registry, family.clone());
        Self { labels: spec.labels, family }
    }
}

impl<const N: usize, M: Clone, C: MetricConstructor<M>> Registered<N, M, C>
where
    Labels<N>: EncodeLabelSet,
{
    /// The member with these values of its labels, in their order.
    pub(super) fn with(&self, values: [&str; N]) -> M {
        self.family.get_or_create_owned(&self.label(values))
    }

    /// Takes the member out of the exposition.
    pub(super) fn remove(&self, values: [&str; N]) {
        self.family.remove(&self.label(values));
    }

    fn label(&self, values: [&str; N]) -> Labels<N> {
        let mut names = self.labels.iter();
        values.map(|value| (names.next().copied().unwrap_or_default(), value.to_owned()))
    }
}
