//! One query, page by page.

use plan::{
    error::Failure,
    inventory::{Listing, Pages, Query, Turn},
    model::Region,
    time::Clock,
};

use super::{Describe, Shared};

/// Collects all pages of `query`, each with a permit of its own.
pub(super) async fn collect<D: Describe, C: Clock>(
    shared: &Shared<D, C>,
    region: &Region,
    query: &Query,
) -> Result<Listing, Failure> {
    let mut pages = Pages::of(query.clone());
    let mut token: Option<String> = None;
    loop {
        shared.reads.permit(region).await;
        let page = shared.describe.describe(region, query, token.as_deref()).await;
        let page = page.inspect_err(|failure| shared.reads.heed(region, failure.class))?;
        match pages.push(page)? {
            Turn::More(next) => token = Some(next),
            Turn::End(listing) => return Ok(listing),
        }
    }
}
