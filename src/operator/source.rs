//! The inventory reads AWS through the same adapter that changes it.

use std::sync::Arc;

use plan::{
    effect::Mutation,
    error::Failure,
    inventory::{Page, Query},
    model::{AccountId, Region},
};

use crate::{
    aws::{Aws, Permit, Receipt, SdkAws},
    inventory::Describe,
};

/// The one adapter, shared by the inventory and the reconciler, neither of which knows of the other.
#[derive(Clone, Debug)]
pub struct SharedAws(pub Arc<SdkAws>);

impl Describe for SharedAws {
    async fn describe(&self, region: &Region, query: &Query, token: Option<&str>) -> Result<Page, Failure> {
        self.0.describe(region, query, token).await
    }

    async fn account(&self, region: &Region) -> Result<AccountId, Failure> {
        self.0.account(region).await
    }
}

impl Aws for SharedAws {
    async fn mutate(&self, mutation: &Mutation, permit: &Permit) -> Receipt {
        self.0.mutate(mutation, permit).await
    }
}
