//! Takes what a watch shows into the index, deletions included.

use std::{collections::BTreeSet, sync::Arc};

use plan::{desired::ObjectName, time::Clock};

use super::{Index, Reconciler};
use crate::{api::CloudHsmBackup, aws::Aws, inventory::Describe, kubernetes::Kubernetes};

/// What a watch shows.
#[derive(Clone, Copy, Debug)]
pub enum Watched<'a> {
    /// It lists everything anew from here on.
    Restarted,
    /// This is there; without the resource, it cannot be read.
    Listed(&'a ObjectName, Option<&'a CloudHsmBackup>),
    /// Everything is listed.
    ListedAll,
    /// This is new, or has changed.
    Changed(&'a ObjectName, Option<&'a CloudHsmBackup>),
    /// This is gone.
    Deleted(&'a ObjectName),
}

/// One watch, of one namespace or of all.
pub struct Feed<A, K, C, D> {
    reconciler: Arc<Reconciler<A, K, C, D>>,
    scope: Option<String>,
    listed: BTreeSet<ObjectName>,
    first: bool,
}

impl<A: Aws, K: Kubernetes, C: Clock + Clone, D: Describe> Feed<A, K, C, D> {
    /// A watch of the namespace `scope`, or of all, that has shown nothing yet.
    pub fn new(reconciler: Arc<Reconciler<A, K, C, D>>, scope: Option<String>) -> Self {
        Self { reconciler, scope, listed: BTreeSet::new(), first: true }
    }

    /// Takes in the next thing that it shows.
    pub fn take(&mut self, watched: Watched<'_>) {
        let index: &Index = &self.reconciler.index;
        match watched {
            Watched::Restarted => self.listed.clear(),
            Watched::Listed(name, object) => {
                self.listed.insert(name.clone());
                self.set(name, object);
            }
            Watched::Changed(name, object) => self.set(name, object),
            Watched::ListedAll => {
                index.keep_only(self.scope.as_deref(), &self.listed);
                if std::mem::take(&mut self.first) {
                    index.listed_one();
                }
            }
            Watched::Deleted(name) => {
                // In this order: a pass that ends in between keeps nothing of what is not in the index.
                index.remove(name);
                self.reconciler.forget(name);
            }
        }
    }

    fn set(&self, name: &ObjectName, object: Option<&CloudHsmBackup>) {
        let index: &Index = &self.reconciler.index;
        match object {
            Some(object) => index.set(object, self.reconciler.clock.now().tick),
            None => index.remove(name),
        }
    }
}
