//! From pages to one listing.

use std::collections::BTreeSet;

use super::Query;
use crate::{
    error::{ErrorClass, Failure},
    model::Backup,
};

/// One page of DescribeBackups.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The items that could be understood.
    pub backups: Vec<Backup>,
    /// How many items could not: no id, or an id of the wrong shape.
    pub malformed: usize,
    /// Where the next page begins.
    pub next_token: Option<String>,
}

/// The answer to one query, all pages of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The backups, without those that the query did not ask for.
    pub backups: Vec<Backup>,
    /// Whether what is not listed can be taken to be missing.
    pub complete: bool,
}

/// What to do after a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Ask for the page at this token.
    More(String),
    /// That was the last one.
    End(Listing),
}

/// Collects the pages of one query.
///
/// The SDK's own paginator stops silently when a token repeats, which would pass off a part
/// of the backups as all of them.
#[derive(Debug)]
pub struct Pages {
    query: Query,
    tokens: BTreeSet<String>,
    backups: Vec<Backup>,
    unreadable: usize,
}

impl Pages {
    /// No listing is longer: 400 backups a cluster and 4 clusters make 32 pages.
    const MOST: usize = 10_000;

    /// Begins to collect the answer to `query`.
    pub fn of(query: Query) -> Self {
        Self { query, tokens: BTreeSet::new(), backups: Vec::new(), unreadable: 0 }
    }

    /// Adds a page.
    pub fn push(&mut self, page: Page) -> Result<Turn, Failure> {
        let unclear = page.backups.iter().filter(|backup| self.query.is_unclear_about(backup)).count();
        self.unreadable += page.malformed + unclear;
        self.backups.extend(page.backups.into_iter().filter(|backup| self.query.matches(backup)));
        // An empty token is the end; an empty page with a token is not.
        let Some(token) = page.next_token.filter(|token| !token.is_empty()) else {
            let backups = std::mem::take(&mut self.backups);
            return Ok(Turn::End(Listing { backups, complete: self.unreadable == 0 }));
        };
        if self.tokens.len() >= Self::MOST {
            return Err(Failure::new(ErrorClass::Implausible, "the listing does not end"));
        }
        if !self.tokens.insert(token.clone()) {
            return Err(Failure::new(ErrorClass::Implausible, "the listing repeats a page token"));
        }
        Ok(Turn::More(token))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{BackupKey, BackupState, Source};

    fn backup(id: &str) -> Backup {
        Backup::new(id.parse().unwrap(), BackupState::Ready)
    }

    fn page(ids: &[&str], next_token: &str) -> Page {
        Page {
            backups: ids.iter().map(|id| backup(id)).collect(),
            malformed: 0,
            next_token: Some(next_token.to_owned()),
        }
    }

    #[test]
    fn an_empty_page_is_followed_and_an_empty_token_is_the_end() {
        let mut pages = Pages::of(Query::All);
        assert_eq!(pages.push(page(&["backup-aaaaaaaaaaa"], "1")).unwrap(), Turn::More("1".to_owned()));
        assert_eq!(pages.push(page(&[], "2")).unwrap(), Turn::More("2".to_owned()));
        let Turn::End(listing) = pages.push(page(&["backup-bbbbbbbbbbb"], "")).unwrap() else {
            panic!("no end")
        };
        assert_eq!(listing.backups.len(), 2);
        assert!(listing.complete);
    }

    #[test]
    fn a_token_that_repeats_is_an_error() {
        let mut pages = Pages::of(Query::All);
        pages.push(page(&[], "1")).unwrap();
        assert_eq!(pages.push(page(&[], "1")).unwrap_err().class, ErrorClass::Implausible);
    }

    #[test]
    fn items_that_were_not_asked_for_are_dropped() {
        let mut pages = Pages::of(Query::Ids(vec!["backup-aaaaaaaaaaa".parse().unwrap()]));
        let Turn::End(listing) = pages.push(page(&["backup-bbbbbbbbbbb", "backup-aaaaaaaaaaa"], "")).unwrap()
        else {
            panic!("no end")
        };
        assert_eq!(listing.backups, [backup("backup-aaaaaaaaaaa")]);
    }

    #[test]
    fn a_listing_with_an_unreadable_item_proves_no_absence() {
        let mut pages = Pages::of(Query::All);
        let Turn::End(listing) = pages.push(Page { malformed: 1, ..Page::default() }).unwrap() else {
            panic!("no end")
        };
        assert!(!listing.complete);
    }

    fn copy(letter: &str, region: Option<&str>, source: Option<&str>) -> Backup {
        let mut copy = backup(&format!("backup-{}", letter.repeat(11)));
        let (region, backup) =
            (region.map(|region| region.parse().unwrap()), source.map(|id| id.parse().unwrap()));
        copy.source = Some(Source { region, backup, cluster: None });
        copy
    }

    fn answer(query: Query, backups: Vec<Backup>) -> Listing {
        match Pages::of(query).push(Page { backups, ..Page::default() }).unwrap() {
            Turn::End(listing) => listing,
            Turn::More(token) => panic!("more at {token}"),
        }
    }

    fn copies_of_a() -> Query {
        Query::CopiesOf(vec![BackupKey {
            region: "eu-west-1".parse().unwrap(),
            id: "backup-aaaaaaaaaaa".parse().unwrap(),
        }])
    }

    #[test]
    fn copies_of_a_namesake_in_another_region_are_dropped() {
        let id = Some("backup-aaaaaaaaaaa");
        let ours = copy("b", Some("eu-west-1"), id);
        let perhaps = copy("c", None, id);
        let others = vec![
            ours.clone(),
            perhaps.clone(),
            copy("d", Some("us-east-1"), id),
            copy("e", Some("eu-west-1"), Some("backup-zzzzzzzzzzz")),
            backup("backup-aaaaaaaaaaa"),
        ];
        assert_eq!(answer(copies_of_a(), others), Listing { backups: vec![ours, perhaps], complete: true });
    }

    #[test]
    fn a_search_that_meets_a_copy_that_does_not_say_of_what_proves_nothing() {
        for (region, complete) in [(None, false), (Some("eu-west-1"), false), (Some("us-east-1"), true)] {
            let listing = answer(copies_of_a(), vec![copy("b", region, None)]);
            assert_eq!(listing, Listing { backups: Vec::new(), complete }, "{region:?}");
            assert!(answer(Query::All, vec![copy("b", region, None)]).complete, "it is no harm in a scan");
        }
    }
}
